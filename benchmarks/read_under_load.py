"""One reader beside a hundred writers, in a process of its own: prints the latencies of its gets as JSON.

python -m benchmarks.read_under_load botkeep /tmp/folder 200
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from benchmarks.workloads import dialogue, identifiers

OURS: Final = "botkeep"
KURIGRAM: Final = "kurigram-addons"
BARE: Final = "bare aiosqlite"

_WRITERS: Final = 100
_PAUSE: Final = 0.002


def opened(contestant: str, path: Path) -> AbstractAsyncContextManager[Any]:
    """Open a contestant's storage on a file; a process imports no other one."""
    if contestant == KURIGRAM:
        from benchmarks.peers import kurigram  # noqa: PLC0415 # as above

        return kurigram.sqlite_storage(path)
    if contestant == BARE:
        from benchmarks.peers.bare_sqlite import BareAiosqlite  # noqa: PLC0415 # as above

        return BareAiosqlite.opened(path)
    from botkeep import SQLiteStorage  # noqa: PLC0415 # as above

    return SQLiteStorage(path)


async def print_latencies(contestant: str, folder: Path, reads: int) -> None:
    """Print the milliseconds that so many gets took while others write all the time, and end the process."""
    async with opened(contestant, folder / "bot.db") as storage:
        own, *others = identifiers(_WRITERS + 1)
        await storage.set_state(own, dialogue()[0])
        writers = [asyncio.ensure_future(_write(storage.set_state, other)) for other in others]
        print(json.dumps([await _latency(storage.get_state, own) for _ in range(reads)]), flush=True)
        # A peer's writers that are in its queue would take seconds more to stop.
        os._exit(any(writer.done() for writer in writers))


async def _write(set_state: Callable[[str, Any], Awaitable[object]], identifier: str) -> None:
    for document in cycle(dialogue()):
        await set_state(identifier, document)


async def _latency(get_state: Callable[[str], Awaitable[object]], identifier: str) -> float:
    await asyncio.sleep(_PAUSE)
    begin = time.perf_counter()
    await get_state(identifier)
    return (time.perf_counter() - begin) * 1_000


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # pyrogram's of a missing TgCrypto, in every round
    _, name, where, count = sys.argv
    asyncio.run(print_latencies(name, Path(where), int(count)))
