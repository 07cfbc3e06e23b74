"""Moving 100,000 documents from SQLite to Redis, beside a bare copy.

Both read one database and write to one local Redis that writes nothing to disk; each copy starts with an
empty server. Ours reads every document back and compares it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from redis import Redis
from tests.servers.redis_server import RedisServer

from benchmarks.rows import Row
from benchmarks.runner import Rival, Scale, race
from benchmarks.workloads import DOCUMENT, identifiers
from botkeep import RedisStorage, SQLiteStorage
from botkeep.migrate import migrate

_DOCUMENTS: Final = 100_000
_TOGETHER: Final = 1000


class _Promise(NamedTuple):
    """Ours is at least so much, or so many times the peer's: whichever is lower."""

    figure: float
    times: float

    def is_met(self, row: Row) -> bool:
        return row.figure >= self.figure or (row.ratio is not None and row.ratio >= self.times)

    def text(self, unit: str) -> str:
        return f"botkeep ≥ {self.figure:,.0f} {unit} or ratio ≥ {self.times:g}x"


async def run(scale: Scale) -> list[Row]:
    documents = scale.of(_DOCUMENTS)
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        database = Path(name) / "bot.db"
        await _fill(database, documents)
        with RedisServer(Path(name)) as server:
            bare = Rival(
                "bare copy",
                _emptied(server, lambda: asyncio.to_thread(_copy, database, server.url), documents),
                _Promise(20_000, 0.5),
                f"sqlite3 select, redis-py pipeline of {_TOGETHER} SETs; no expiry, nothing read back",
            )
            ours = _emptied(server, lambda: _move(database, server.url), documents)
            return await race(scale, f"{_DOCUMENTS:,} documents, SQLite to Redis", "documents/s", ours, bare)


async def _fill(database: Path, documents: int) -> None:
    async with SQLiteStorage(database, durability="normal") as storage:
        dialogues = storage.namespace("fsm")
        await asyncio.gather(*(dialogues.set_state(key, DOCUMENT) for key in identifiers(documents)))


def _emptied(
    server: RedisServer, copy: Callable[[], Awaitable[object]], documents: int
) -> Callable[[], Awaitable[float]]:
    async def turn() -> float:
        server.run("FLUSHALL")
        begin = perf_counter()
        await copy()
        seconds = perf_counter() - begin
        assert server.run("DBSIZE") == documents
        return documents / seconds

    return turn


async def _move(database: Path, url: str) -> None:
    async with SQLiteStorage(database) as source, RedisStorage.from_url(url) as target:
        await migrate(source, target)


def _copy(database: Path, url: str) -> None:
    with closing(sqlite3.connect(database)) as source, Redis.from_url(url) as target:
        rows = source.execute("SELECT namespace, identifier, value FROM documents")
        while page := rows.fetchmany(_TOGETHER):
            pipeline = target.pipeline(transaction=False)
            for namespace, identifier, value in page:
                pipeline.set(f"copy:{namespace}:{identifier}", value)
            pipeline.execute()
