"""What version 0.1 wrote, when the project was called Holdfast, is read as it is."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from redis import Redis
from tests.servers.redis_server import RedisServer

from botkeep import BaseStorage, FileStorage, FSMContext, RedisStorage, SQLiteStorage, StateKey

KEY = StateKey(42, 7, 7)
ORDER = '{"name":"Order:size","data":{"pizza":"Margherita"}}'

SCHEMA = """
CREATE TABLE documents (
    namespace TEXT NOT NULL,
    identifier TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at REAL,
    PRIMARY KEY (namespace, identifier)
) STRICT;
CREATE INDEX expiries ON documents (expires_at) WHERE expires_at IS NOT NULL;
PRAGMA application_id = 1215261796;
PRAGMA user_version = 1;
PRAGMA journal_mode = wal;
"""


async def assert_is_read_and_written(storage: BaseStorage) -> None:
    assert await storage.get_state("user:1") == {"name": "Ada"}
    assert await storage.increment("visits") == 4
    assert await storage.namespace("shop").get_state("stock") == 12
    context = FSMContext(storage, KEY)
    assert await context.get_state() == "Order:size"
    await context.update_data(size="large")
    assert await context.get_data() == {"pizza": "Margherita", "size": "large"}


async def test_a_sqlite_file_of_0_1_opens(tmp_path: Path) -> None:
    rows = [("", "user:1", '{"name":"Ada"}'), ("", "visits", "3"), ("shop", "stock", "12")]
    with closing(sqlite3.connect(tmp_path / "bot.db")) as database:
        database.executescript(SCHEMA)
        database.executemany(
            "INSERT INTO documents (namespace, identifier, value) VALUES (?, ?, ?)",
            [*rows, ("fsm", KEY.identifier, ORDER)],
        )
        database.commit()

    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        await assert_is_read_and_written(storage)
    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        assert await storage.get_state("visits") == 4


async def test_a_json_file_of_0_1_opens(tmp_path: Path) -> None:
    content = {
        "holdfast": 1,
        "documents": {"user:1": {"name": "Ada"}, "visits": 3},
        "namespaces": {
            "fsm": {"documents": {KEY.identifier: json.loads(ORDER)}},
            "shop": {"documents": {"stock": 12}},
        },
    }
    (tmp_path / "bot.json").write_text(json.dumps(content))

    async with FileStorage(tmp_path / "bot.json") as storage:
        await assert_is_read_and_written(storage)
    async with FileStorage(tmp_path / "bot.json") as storage:
        assert await storage.get_state("visits") == 4


async def test_a_redis_of_0_1_is_read_with_its_prefix(empty_redis: RedisServer) -> None:
    with Redis.from_url(empty_redis.url) as client:
        client.set("holdfast::user:1", '{"name":"Ada"}')
        client.set("holdfast::visits", "3")
        client.set("holdfast:/shop:stock", "12", px=3_600_000)
        client.set(f"holdfast:/fsm:{KEY.identifier}", ORDER)

    async with RedisStorage.from_url(empty_redis.url, prefix="holdfast:") as storage:
        await assert_is_read_and_written(storage)
