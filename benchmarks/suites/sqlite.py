"""SQLiteStorage, durability "full", beside kurigram-addons' and beside SQLite without a storage around it.

Every contestant has a database of its own in one folder, the same identifiers and the same documents. One
caller's calls are made on one core: see `benchmarks.one_core`.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.one_core import on_one_core
from benchmarks.peers import kurigram
from benchmarks.peers.bare_sqlite import BareAiosqlite, BareSqlite3
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, Turn, race
from benchmarks.workloads import Workload, gets, identifiers, increments, rate, sets, swap, swaps, updates
from botkeep import SQLiteStorage

_MANY: Final = 100
_CALLS: Final = 5_000
_WAL_IS_FULL: Final = 4_000_000
"""Bytes. At 1,000 pages of 4 KiB SQLite checkpoints and writes the WAL from its beginning again."""


class _Contestants(NamedTuple):
    ours: SQLiteStorage
    kurigram: Any
    aiosqlite: BareAiosqlite
    sqlite3: BareSqlite3


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            contestants = _Contestants(
                await stack.enter_async_context(SQLiteStorage(folder / "ours.db")),
                await stack.enter_async_context(kurigram.sqlite_storage(folder / "kurigram.db")),
                await stack.enter_async_context(BareAiosqlite.opened(folder / "aiosqlite.db")),
                stack.enter_context(BareSqlite3.opened(folder / "sqlite3.db")),
            )
            await _fill_wals(folder, contestants)
            return [*await _many_callers(contestants, scale), *await _one_caller(contestants, scale)]


async def _fill_wals(folder: Path, contestants: _Contestants) -> None:
    """Let every file grow first: appending to a file costs more than writing into it."""
    writers = {
        "ours": rate(sets, contestants.ours.set_state, _MANY, 1_000),
        "kurigram": rate(sets, contestants.kurigram.set_state, _MANY, 1_000),
        "aiosqlite": rate(sets, contestants.aiosqlite.set_state, _MANY, 1_000),
        "sqlite3": _transactions(contestants.sqlite3, _MANY, 1_000),
    }
    for name, write in writers.items():
        await write()
        while (folder / f"{name}.db-wal").stat().st_size < _WAL_IS_FULL:
            await write()


async def _many_callers(contestants: _Contestants, scale: Scale) -> list[Row]:
    ours, theirs = contestants.ours, contestants.kurigram
    bare = Rival(
        BareSqlite3.NAME,
        _transactions(contestants.sqlite3, _MANY, scale.of(_CALLS)),
        AtLeast(0.6),
        f"{_MANY} upserts a transaction by executemany, encoding included, one thread, no event loop",
    )

    async def versus(
        verb: str, workload: Workload, calls: tuple[Any, Any], bar: float, *others: Rival
    ) -> list[Row]:
        mine, theirs = (rate(workload, call, _MANY, scale.of(_CALLS)) for call in calls)
        peer = Rival(kurigram.NAME, theirs, AtLeast(bar))
        return await race(scale, f"{_MANY} callers: {verb}", "calls/s", mine, peer, *others)

    return [
        *await versus("set", sets, (ours.set_state, theirs.set_state), 12, bare),
        *await versus("get", gets, (ours.get_state, theirs.get_state), 30),
        *await versus("increment", increments, (ours.increment, theirs.increment), 40),
        *await versus("compare_and_set", swaps, (swap(ours), kurigram.swap(theirs)), 30),
    ]


async def _one_caller(contestants: _Contestants, scale: Scale) -> list[Row]:
    commit = Rival(
        BareSqlite3.NAME,
        _transactions(contestants.sqlite3, 1, scale.of(3_000)),
        AtLeast(0.85),
        "one upsert a transaction, one thread: what making a page durable costs on this disk",
    )

    select = Rival(
        BareSqlite3.NAME,
        _selects(contestants.sqlite3, scale.of(3_000)),
        AtLeast(0.5),
        "one select by the key and orjson.loads, on the event loop's thread",
    )

    async def alone(
        verb: str, workload: Workload, bars: tuple[float, float], note: str, *others: Rival
    ) -> list[Row]:
        mine, theirs, bare = (
            rate(workload, getattr(contestant, f"{verb}_state"), 1, scale.of(3_000))
            for contestant in (contestants.ours, contestants.kurigram, contestants.aiosqlite)
        )
        peer = Rival(kurigram.NAME, theirs, AtLeast(bars[0]))
        statement = Rival(BareAiosqlite.NAME, bare, AtLeast(bars[1]), note)
        return await race(scale, f"1 caller: {verb}", "calls/s", mine, peer, statement, *others)

    with on_one_core():
        return [
            *await alone(
                "set",
                sets,
                (2, 0.8),
                "execute() of one upsert in autocommit mode, orjson.dumps included",
                commit,
            ),
            *await alone(
                "get", gets, (8, 4), "execute_fetchall() of one select by the key, text not decoded", select
            ),
        ]


def _transactions(bare: BareSqlite3, size: int, calls: int) -> Turn:
    everyone = identifiers(10 * _MANY)

    async def turn() -> float:
        states = updates(everyone)
        transactions = max(1, calls // size)
        begin = time.perf_counter()
        for _ in range(transactions):
            bare.set_states(islice(states, size))
        return transactions * size / (time.perf_counter() - begin)

    return turn


def _selects(bare: BareSqlite3, calls: int) -> Turn:
    everyone = identifiers(10)

    async def turn() -> float:
        chosen = list(islice(cycle(everyone), calls))
        begin = time.perf_counter()
        for own in chosen:
            bare.get_state(own)
        return calls / (time.perf_counter() - begin)

    return turn
