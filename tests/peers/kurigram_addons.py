"""The laws, held against the storages of kurigram-addons; `report.py` runs this, the suite does not."""

# ruff: noqa: ARG002 # hooks have a namespace, which this peer has not

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis.asyncio
from pyrogram_patch.fsm.storages import (  # type: ignore[import-untyped] # it ships no types
    MemoryStorage,
    RedisStorage,
    SQLiteStorage,
    memory_storage,
    sqlite_storage,
)
from tests.peers.adapter import Adapter, NotOfferedError
from tests.servers.redis_server import RedisServer

from botkeep.testing import StorageContract

LONGEST = 20
"""Seconds that a law may take; one that hangs is broken."""


class PeerContract(StorageContract):
    @pytest.fixture(autouse=True)
    def bounded(self) -> Iterator[None]:
        def give_up(*_: object) -> None:
            raise TimeoutError(f"not done within {LONGEST} s")

        before = signal.signal(signal.SIGALRM, give_up)
        signal.alarm(LONGEST)
        yield
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

    @pytest.fixture(autouse=True)
    def time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (memory_storage, sqlite_storage):
            monkeypatch.setattr(module, "time", SimpleNamespace(time=self.clock))


class TestMemoryStorage(PeerContract):
    def create(self, *, default_ttl: float | None = None) -> Any:
        options: Any = {} if default_ttl is None else {"default_ttl": default_ttl}
        return Adapter(MemoryStorage(**options))

    def another(self, storage: Any) -> Any:
        return storage

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        raise NotOfferedError("objects are kept as they are: there is nothing to damage")


class TestSQLiteStorage(PeerContract):
    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        self.path = str(tmp_path / "fsm.db")

    def create(self, *, default_ttl: float | None = None) -> Any:
        if default_ttl is not None:
            raise NotOfferedError("default_ttl")
        return Adapter(SQLiteStorage(self.path))

    def another(self, storage: Any) -> Any:
        return Adapter(SQLiteStorage(self.path), opens_itself=True)

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        with closing(sqlite3.connect(self.path)) as connection:
            select = "SELECT CAST(state_json AS BLOB) FROM fsm_state WHERE identifier = ?"
            row = connection.execute(select, [identifier]).fetchone()
        return row and bytes(row[0])

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            insert = "INSERT OR REPLACE INTO fsm_state VALUES (?, CAST(? AS TEXT), NULL)"
            connection.execute(insert, (identifier, value))


class TestRedisStorage(PeerContract):
    @pytest.fixture(scope="class")
    def redis_server(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
        with RedisServer(tmp_path_factory.mktemp("redis")) as server:
            yield server

    @pytest.fixture(autouse=True)
    def empty(self, redis_server: RedisServer) -> None:
        self.server = redis_server
        redis_server.run("FLUSHALL")

    def create(self, *, default_ttl: float | None = None) -> Any:
        options: Any = {} if default_ttl is None else {"default_ttl": default_ttl}
        return Adapter(
            RedisStorage(redis.asyncio.Redis(port=self.server.port, max_connections=1000), **options)
        )

    async def advance(self, seconds: float) -> None:
        for key in self.server.run("KEYS", "*"):
            left = self.server.run("PTTL", key)
            if left > 0:
                self.server.run("PEXPIRE", key, max(0, left - int(seconds * 1000)))

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        value: bytes | None = self.server.run("GET", f"fsm:{identifier}")
        return value

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        self.server.run("SET", f"fsm:{identifier}", value)
