"""A program with a storage of many dialogues: prints what its start takes, and its memory, as JSON.

python -m benchmarks.footprint sqlite /tmp/bot.db 1000000
python -m benchmarks.footprint memory - 1000000
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

from benchmarks.workloads import DOCUMENT, identifiers
from botkeep import MemoryStorage, SQLiteStorage

_READS: Final = 20_000


async def print_footprint(engine: str, path: str, count: int) -> None:
    """Print seconds until the first dialogue is read, and bytes that the process grew by."""
    everyone = identifiers(count)
    before = _memory()
    begin = time.perf_counter()
    storage: AbstractAsyncContextManager[Any] = SQLiteStorage(path) if engine == "sqlite" else MemoryStorage()
    async with storage as opened:
        dialogues = opened.namespace("fsm")
        await dialogues.get_state(everyone[0])
        start = time.perf_counter() - begin
        if engine == "memory":
            for own in everyone:
                await dialogues.set_state(own, DOCUMENT)
        for own in random.choices(everyone, k=_READS):
            assert await dialogues.get_state(own), f"{own} is missing"
        print(json.dumps({"start": start, "memory": max(1, _memory() - before)}))


def _memory() -> int:
    """Return the bytes that the process has in memory (proc(5), statm)."""
    _, resident, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(resident) * resource.getpagesize()


if __name__ == "__main__":
    _, engine, path, count = sys.argv
    asyncio.run(print_footprint(engine, path, int(count)))
