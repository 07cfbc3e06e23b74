"""SQLiteStorage with 1,000,000 identifiers, a file of some 600 MB.

Documents are read and written at random places, beside the same in a database of 1,000 identifiers. Bare
sqlite3 on the same files shows what of the difference is SQLite's own: each call needs a page that is in
no processor's cache, copied from the system's, and each write makes a page dirty that is no other's.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import cycle
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from benchmarks.rows import AtMost, Row
from benchmarks.runner import Calls, Rival, Scale, Turn, calls_per_second, race
from benchmarks.sqlite_files import write_file
from benchmarks.workloads import DOCUMENT, dialogue, identifiers
from botkeep import SQLiteStorage
from botkeep.storages.sqlite.schema import connect
from botkeep.storages.sqlite.write_lock import write_lock

_FEW: Final = 1_000
_MANY: Final = 100
_SELECT: Final = "SELECT value FROM documents WHERE namespace = '' AND identifier = ?"
_UPDATE: Final = "UPDATE documents SET value = ? WHERE namespace = '' AND identifier = ?"
_HUNDRED_MATCH: Final = "fsm:7101:5000005*"
"""Two digits more tell one user from the next."""


class _Filled(NamedTuple):
    storage: SQLiteStorage
    identifiers: list[str]


async def run(scale: Scale) -> list[Row]:
    everyone = identifiers(scale.of(1_000_000))
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        folder = Path(name)
        await _fill(folder / "many.db", everyone)
        await _fill(folder / "few.db", everyone[:_FEW])
        async with SQLiteStorage(folder / "many.db") as many, SQLiteStorage(folder / "few.db") as few:
            crowd, village = _Filled(many, everyone), _Filled(few, everyone[:_FEW])
            rows = []
            for callers, calls in ((_MANY, scale.of(20_000)), (1, scale.of(2_000))):
                rows += await _compare(crowd, village, callers, calls, scale)
            rows += await _list(many, scale)
        return rows + await _compare_bare(folder, everyone, scale)


async def _fill(path: Path, owned: list[str]) -> None:
    """In no order, as users come."""
    await write_file(path, random.Random(1).sample(owned, len(owned)), orjson.dumps(DOCUMENT))


async def _compare(many: _Filled, few: _Filled, callers: int, calls: int, scale: Scale) -> list[Row]:
    here, there = f"among {len(many.identifiers):,}", f"among {_FEW:,}"
    rows: list[Row] = []
    for verb, make in (("get", _gets), ("set", _sets)):
        ours, theirs = (_microseconds(make, filled, callers, calls) for filled in (many, few))
        name = f"{callers} caller{'s' if callers > 1 else ''}: {verb} {here}"
        rows += await race(scale, name, "µs", ours, Rival(there, theirs, AtMost(1.5)))
    return rows


async def _compare_bare(folder: Path, everyone: list[str], scale: Scale) -> list[Row]:
    calls, rows = scale.of(20_000), []
    with ExitStack() as stack:
        paths = [str(folder / name) for name in ("many.db", "few.db")]
        many, few = (
            stack.enter_context(closing(connect(path, "full", write_lock(path), 5))) for path in paths
        )
        for verb, transaction in (("get", _select), ("set", _update)):
            crowd = _transactions(transaction, many, everyone, calls)
            village = _transactions(transaction, few, everyone[:_FEW], calls)
            name = f"bare sqlite3: {verb} among {len(everyone):,}"
            rows += await race(scale, name, "µs", crowd, Rival(f"among {_FEW:,}", village))
    return rows


def _select(connection: sqlite3.Connection, owned: list[str]) -> None:
    for own in owned:
        connection.execute(_SELECT, (own,)).fetchone()


def _update(connection: sqlite3.Connection, owned: list[str]) -> None:
    values = cycle([orjson.dumps(document).decode() for document in dialogue()])
    connection.executemany(_UPDATE, zip(values, owned, strict=False))


def _transactions(
    statements: Callable[[sqlite3.Connection, list[str]], None],
    connection: sqlite3.Connection,
    owned: list[str],
    calls: int,
) -> Turn:
    """A hundred statements each; the time of one statement, on average."""

    async def turn() -> float:
        begin = time.perf_counter()
        transactions = max(1, calls // _MANY)
        for _ in range(transactions):
            connection.execute("BEGIN")
            statements(connection, random.choices(owned, k=_MANY))
            connection.execute("COMMIT")
        return (time.perf_counter() - begin) / (transactions * _MANY) * 1e6

    return turn


def _gets(storage: SQLiteStorage, chosen: list[str]) -> Calls:
    return map(storage.get_state, chosen)


def _sets(storage: SQLiteStorage, chosen: list[str]) -> Calls:
    return map(storage.set_state, chosen, cycle(dialogue()))


def _microseconds(
    make: Callable[[SQLiteStorage, list[str]], Calls], filled: _Filled, callers: int, calls: int
) -> Turn:
    """Of one call, on average: the callers share the time."""

    async def turn() -> float:
        chosen = [random.choices(filled.identifiers, k=max(1, calls // callers)) for _ in range(callers)]
        return 1e6 / await calls_per_second([make(filled.storage, own) for own in chosen])

    return turn


async def _list(storage: SQLiteStorage, scale: Scale) -> list[Row]:
    def listing(pattern: str, count: int) -> Turn:
        async def turn() -> float:
            begin = time.perf_counter()
            found = await storage.list_keys(pattern)
            took = time.perf_counter() - begin
            assert len(found) == count, f"{pattern} matched {len(found)}"
            return took * 1e3

        return turn

    whole = Rival('list_keys("*")', listing("*", scale.of(1_000_000)), AtMost(0.01))
    return await race(scale, "list_keys of a prefix, 100 match", "ms", listing(_HUNDRED_MATCH, 100), whole)
