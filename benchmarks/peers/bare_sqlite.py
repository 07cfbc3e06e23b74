"""SQLite without a storage around it, with the smallest table that does the job.

No namespace, no expiry, no index but the key; connections in autocommit mode.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import aiosqlite
import orjson

_OPENING: Final = (
    "PRAGMA journal_mode = wal",
    "PRAGMA synchronous = full",
    "CREATE TABLE documents (identifier TEXT PRIMARY KEY, value TEXT NOT NULL)",
)
_UPSERT: Final = """
INSERT INTO documents VALUES (?, ?) ON CONFLICT (identifier) DO UPDATE SET value = excluded.value
"""
_SELECT: Final = "SELECT value FROM documents WHERE identifier = ?"


class BareAiosqlite:
    """One statement a call, which is one hop to aiosqlite's thread; what is read stays text."""

    NAME: Final = "bare aiosqlite"

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> AsyncIterator[BareAiosqlite]:
        async with aiosqlite.connect(path, isolation_level=None) as connection:
            for statement in _OPENING:
                await connection.execute(statement)
            yield cls(connection)

    async def set_state(self, identifier: str, state: Any) -> None:
        await self._connection.execute(_UPSERT, (identifier, orjson.dumps(state).decode()))

    async def get_state(self, identifier: str) -> Any:
        return await self._connection.execute_fetchall(_SELECT, (identifier,))


class BareSqlite3:
    """The standard library's connection in the calling thread."""

    NAME: Final = "bare sqlite3"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[BareSqlite3]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in _OPENING:
                connection.execute(statement)
            yield cls(connection)

    def get_state(self, identifier: str) -> Any:
        found = self._connection.execute(_SELECT, (identifier,)).fetchone()
        return None if found is None else orjson.loads(found[0])

    def set_states(self, states: Iterable[tuple[str, Any]]) -> None:
        """Write all (identifier, document) in one transaction, encoding included."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(_UPSERT, ((own, orjson.dumps(state).decode()) for own, state in states))
        self._connection.execute("COMMIT")
