"""The event loop's longest stall: how late a task that naps for a millisecond wakes up, at worst.

The peer "no storage", whose callers encode, decode and yield, shows what of it is Python's and the machine's.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.peers import kurigram
from benchmarks.rows import Row, Within
from benchmarks.runner import Rival, Scale, Turn, calls_per_second, race
from benchmarks.sqlite_files import forget_pages, write_file
from benchmarks.workloads import DOCUMENT, Swap, gets, identifiers, increments, sets, swap, swaps
from botkeep import SQLiteStorage, documents
from botkeep.storages.sqlite.checksums import checksum

_MANY: Final = 100
_NAP: Final = 0.001
_INSERT: Final = "INSERT INTO documents VALUES ('', ?, ?, ?, ?)"
_LARGE_ROWS: Final = 100_000
_LARGE_BYTES: Final = 20_000
_BAR: Final = Within(20)


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        path = Path(name) / "ours.db"
        async with (
            SQLiteStorage(path) as ours,
            kurigram.sqlite_storage(Path(name) / "kurigram.db") as theirs,
        ):
            nothing = Rival("no storage", _longest(_codec_alone(scale.of(80_000))), _BAR)
            crowd = _longest(_every_verb(ours, swap(ours), scale.of(20_000)))
            rival = _longest(_every_verb(theirs, kurigram.swap(theirs), scale.of(2_000)))
            expiry = _expiry(ours, path, scale.of(100_000))
            crowded, expiring = "100 callers: every verb", "100 callers: set, while 100,000 rows expire"
            return [
                *await race(scale, crowded, "ms", crowd, nothing, Rival(kurigram.NAME, rival)),
                *await race(scale, expiring, "ms", expiry, nothing),
                *await _cold_pages(scale, Path(name) / "large.db"),
            ]


async def _cold_pages(scale: Scale, path: Path) -> list[Row]:
    """Read a file of 2 GB, none of which is in memory as a turn begins: most reads are of the disk."""
    count = scale.of(_LARGE_ROWS)
    value = orjson.dumps({"text": "x" * _LARGE_BYTES})
    written = await write_file(path, (f"large:{number}" for number in range(count)), value)
    size = f"{written / 1e9:.1f} GB"
    async with SQLiteStorage(path) as storage:
        rows = []
        for callers in (1, _MANY):
            turn = _longest(_cold_reads(storage, path, callers, count))
            bar = Rival("no storage", _longest(_codec_alone(scale.of(20_000))), Within(10))
            name = f"{callers} caller{'s' if callers > 1 else ''}: get, {size}, cold pages"
            rows += await race(scale, name, "ms", turn, bar)
        return rows


def _cold_reads(
    storage: SQLiteStorage, path: Path, callers: int, count: int
) -> Callable[[], Awaitable[object]]:
    """Each caller reads at random places, and some of them again and again."""

    async def work() -> None:
        await asyncio.to_thread(forget_pages, path)
        await asyncio.gather(*(read(random.Random(caller)) for caller in range(callers)))

    async def read(choice: random.Random) -> None:
        for _ in range(max(20, 2_000 // callers)):
            own = f"large:{choice.randrange(count)}"
            for _ in range(3):
                await storage.get_state(own)

    return work


def _every_verb(storage: Any, swap: Swap, calls: int) -> Callable[[], Awaitable[object]]:
    async def work() -> None:
        await calls_per_second(sets(storage.set_state, _MANY, calls))
        await calls_per_second(gets(storage.get_state, _MANY, calls))
        await calls_per_second(increments(storage.increment, _MANY, calls))
        await calls_per_second(swaps(swap, _MANY, calls))

    return work


def _codec_alone(calls: int) -> Callable[[], Awaitable[object]]:
    async def encode_and_decode(_: str) -> None:
        documents.decode(documents.encode(DOCUMENT))
        await asyncio.sleep(0)

    async def work() -> None:
        await calls_per_second(gets(encode_and_decode, _MANY, calls))

    return work


def _expiry(storage: SQLiteStorage, path: Path, rows: int) -> Turn:
    """Sets go on until all the rows are gone, which were written past the storage, expired."""

    async def turn() -> float:
        await asyncio.to_thread(_write_expired, path, rows)
        return await _longest(work)()

    async def work() -> None:
        while await asyncio.to_thread(_expired, path):
            await calls_per_second(sets(storage.set_state, _MANY, 1_000))

    return turn


def _write_expired(path: Path, count: int) -> None:
    value, past = orjson.dumps(DOCUMENT), time.time() - 1
    own = identifiers(count, "expired")
    rows = ((each, value.decode(), past, checksum("", each, value, past)) for each in own)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(_INSERT, rows)


def _expired(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM documents WHERE expires_at < 1e99").fetchone()
    return int(count)


def _longest(work: Callable[[], Awaitable[object]]) -> Turn:
    """Milliseconds by which a nap lasted too long, at worst, while the work went on."""

    async def turn() -> float:
        working = asyncio.ensure_future(work())
        longest = 0.0
        while not working.done():
            begin = time.perf_counter()
            await asyncio.sleep(_NAP)
            longest = max(longest, time.perf_counter() - begin - _NAP)
        await working
        return longest * 1e3

    return turn
