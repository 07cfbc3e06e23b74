"""Backs a SQLite storage up to one path, again and again, until it is killed.

Usage: FILE COPY.
"""

from __future__ import annotations

import asyncio
import sys

from botkeep import SQLiteStorage


async def main(path: str, copy: str) -> None:
    async with SQLiteStorage(path) as storage:
        await asyncio.gather(*(storage.set_state(f"order:{number}", "x" * 50_000) for number in range(100)))
        print("stored", flush=True)  # noqa: T201 # the parent waits for it
        while True:
            await storage.backup(copy)


asyncio.run(main(*sys.argv[1:]))
