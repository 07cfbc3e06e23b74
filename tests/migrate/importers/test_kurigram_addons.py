"""What kurigram-addons 0.5.1 itself has written."""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import kurigram_addons  # type: ignore[import-untyped] # noqa: F401 # no types; the old names need it first
import pytest
from pyrogram_patch.fsm.context import FSMContext as AddonsContext  # type: ignore[import-untyped] # likewise
from pyrogram_patch.fsm.storages import RedisStorage as AddonsRedis  # type: ignore[import-untyped] # likewise
from pyrogram_patch.fsm.storages.sqlite_storage import (  # type: ignore[import-untyped] # likewise
    SQLiteStorage as AddonsSQLite,
)
from redis.asyncio import Redis
from tests.servers.redis_server import RedisServer

from botkeep import BaseStorage, FSMContext, MigrationError, StateKey, StorageFormatError
from botkeep.importers import kurigram_addons_redis, kurigram_addons_sqlite


async def fill(addons: Any) -> None:
    await AddonsContext(addons, "chat:7").set_state("Order:size")
    await AddonsContext(addons, "chat:7").update_data(pizza="Margherita")
    await AddonsContext(addons, "chat:-100").set_state("Order:paid", ttl=600)
    await AddonsContext(addons, "user:9").push_history("Order:size")
    await addons.increment("visits", 3, ttl=600)


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    addons = AddonsSQLite(str(tmp_path / "fsm.db"))
    await addons.start()
    await fill(addons)
    await addons.set_state("gone", {"name": "x", "data": {}}, ttl=600)
    await addons.stop()
    with closing(sqlite3.connect(tmp_path / "fsm.db")) as connection, connection:
        connection.execute("UPDATE fsm_state SET expires_at = ? WHERE identifier = 'gone'", [time.time() - 1])
    return tmp_path / "fsm.db"


def content(database: Path) -> bytes:
    return database.read_bytes()


async def assert_imported(target: BaseStorage) -> None:
    assert await target.list_keys() == ["chat:-100", "chat:7", "user:9__history__", "visits"]
    assert await target.get_state("chat:7") == {"name": "Order:size", "data": {"pizza": "Margherita"}}
    assert await target.get_ttl("chat:7") == math.inf
    assert await target.get_ttl("chat:-100") == pytest.approx(600, abs=30)
    assert await target.increment("visits") == 4
    assert await target.get_ttl("visits") == pytest.approx(600, abs=30)


async def test_its_database_is_imported_as_it_is(database: Path, target: BaseStorage) -> None:
    before = content(database)
    result = await kurigram_addons_sqlite.import_documents(database, target)

    assert (result.copied, result.expired) == (4, 1)
    await assert_imported(target)
    assert content(database) == before


async def test_its_redis_keys_are_imported_as_they_are(empty_redis: RedisServer, target: BaseStorage) -> None:
    client = Redis.from_url(empty_redis.url)
    await fill(AddonsRedis(client, prefix="my*bot"))
    await client.set("my-bot:other", "somebody else's")
    result = await kurigram_addons_redis.import_documents(empty_redis.url, target, prefix="my*bot")
    await client.aclose()

    assert result.copied == 4
    await assert_imported(target)


async def test_with_a_bot_its_dialogues_become_records(database: Path, target: BaseStorage) -> None:
    await kurigram_addons_sqlite.import_documents(database, target, bot_id=42)

    context = FSMContext(target, StateKey(42, 7, 7))
    assert (await context.get_state(), await context.get_data()) == ("Order:size", {"pizza": "Margherita"})
    assert await FSMContext(target, StateKey(42, -100, -100)).get_state() == "Order:paid"
    assert await target.list_keys() == ["user:9__history__", "visits"]


async def test_what_the_target_holds_is_kept(database: Path, target: BaseStorage) -> None:
    await target.set_state("chat:7", "precious")

    with pytest.raises(MigrationError, match="chat:7"):
        await kurigram_addons_sqlite.import_documents(database, target)
    assert await target.get_state("chat:7") == "precious"
    await kurigram_addons_sqlite.import_documents(database, target, overwrite=True)
    await assert_imported(target)


async def test_a_damaged_row_is_named_and_nothing_is_imported(database: Path, target: BaseStorage) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO fsm_state VALUES ('chat:8', '{broken', NULL)")

    with pytest.raises(MigrationError, match=r"'chat:8' cannot be imported.*nothing was imported"):
        await kurigram_addons_sqlite.import_documents(database, target)
    assert await target.list_keys() == []


async def test_a_state_and_a_counter_of_one_name_are_refused(database: Path, target: BaseStorage) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO fsm_counter VALUES ('chat:7', 1, NULL)")

    with pytest.raises(MigrationError, match="another document goes to 'chat:7' too"):
        await kurigram_addons_sqlite.import_documents(database, target)


async def test_a_file_of_something_else_is_refused(tmp_path: Path, target: BaseStorage) -> None:
    (tmp_path / "notes.txt").write_text("no database at all")

    with pytest.raises(StorageFormatError, match="cannot be read as kurigram-addons' database"):
        await kurigram_addons_sqlite.import_documents(tmp_path / "notes.txt", target)
    with pytest.raises(FileNotFoundError):
        await kurigram_addons_sqlite.import_documents(tmp_path / "missing.db", target)
    assert not (tmp_path / "missing.db").exists()


async def test_keys_of_somebody_else_are_refused(empty_redis: RedisServer, target: BaseStorage) -> None:
    empty_redis.run("SET", "fsm:7:7:state", "Form:name")
    with pytest.raises(MigrationError, match="'fsm:7:7:state' cannot be imported: it is no JSON"):
        await kurigram_addons_redis.import_documents(empty_redis.url, target)

    empty_redis.run("DEL", "fsm:7:7:state")
    empty_redis.run("LPUSH", "fsm:list", "1")
    with pytest.raises(MigrationError, match="'fsm:list' cannot be imported: it is no string"):
        await kurigram_addons_redis.import_documents(empty_redis.url, target)
