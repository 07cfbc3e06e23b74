"""SQLiteStorage keeps the laws, and its own promises."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from botkeep import SQLiteStorage
from botkeep.testing import StorageContract

READ = "SELECT CAST(value AS BLOB) FROM documents WHERE namespace = ? AND identifier = ?"
WRITE = "INSERT OR REPLACE INTO documents VALUES (?, ?, CAST(? AS TEXT), NULL, -1)"


class TestSQLiteStorage(StorageContract):
    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "bot.db"

    def create(self, *, default_ttl: float | None = None) -> SQLiteStorage:
        return SQLiteStorage(self.path, default_ttl=default_ttl, clock=self.clock)

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        with closing(sqlite3.connect(self.path)) as connection:
            row = connection.execute(READ, (namespace, identifier)).fetchone()
        return row and bytes(row[0])

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(WRITE, (namespace, identifier, value))


class TestSQLiteStorageThatSurvivesAKillOnly(TestSQLiteStorage):
    def create(self, *, default_ttl: float | None = None) -> SQLiteStorage:
        return SQLiteStorage(self.path, durability="normal", default_ttl=default_ttl, clock=self.clock)
