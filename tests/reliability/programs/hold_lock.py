"""Takes the lock "gate" and keeps it until somebody kills this process.

Usage: hold_lock.py FILE TTL [AHEAD]. Its clock is AHEAD seconds ahead. It prints "held" once it has the lock.
"""

from __future__ import annotations

import asyncio
import sys
import time

from botkeep import SQLiteStorage


async def main(path: str, ttl: float, ahead: float = 0.0) -> None:
    async with (
        SQLiteStorage(path, clock=lambda: time.time() + ahead) as storage,
        storage.lock("gate", ttl=ttl),
    ):
        print("held", flush=True)  # noqa: T201 # the parent waits for it
        await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], *map(float, sys.argv[2:])))
