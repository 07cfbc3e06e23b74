"""Adds to a document under a lock, in a way that would lose additions without it.

Usage: take_turns.py FILE TURNS
"""

from __future__ import annotations

import asyncio
import sys

from botkeep import SQLiteStorage


async def main(path: str, turns: int) -> None:
    async with SQLiteStorage(path) as storage:
        for _ in range(turns):
            async with storage.lock("gate"):
                seen = await storage.get_state("turns", 0)
                await storage.set_state("turns", seen + 1)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
