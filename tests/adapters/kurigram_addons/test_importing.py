"""What kurigram-addons 0.5.1 itself has written."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import AsyncIterator
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

from botkeep import BaseStorage, FSMContext, MemoryStorage, MigrationError, StateKey, StorageFormatError
from botkeep_pyrogram.importing import import_addons_redis, import_addons_sqlite


async def fill(addons: Any) -> None:
    await AddonsContext(addons, "chat:7").set_state("Order:size")
    await AddonsContext(addons, "chat:7").update_data(pizza="Margherita")
    await AddonsContext(addons, "chat:-100").set_state("Order:paid", ttl=600)
    await AddonsContext(addons, "user:9").push_history("Order:size")
    await addons.increment("visits", 3, ttl=600)


@pytest.fixture
async def target() -> AsyncIterator[BaseStorage]:
    """Where to import."""
    async with MemoryStorage() as storage:
        yield storage


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
    result = await import_addons_sqlite(database, target)

    assert (result.copied, result.expired) == (4, 1)
    await assert_imported(target)
    assert content(database) == before


async def test_its_redis_keys_are_imported_as_they_are(empty_redis: RedisServer, target: BaseStorage) -> None:
    client = Redis.from_url(empty_redis.url)
    await fill(AddonsRedis(client, prefix="my*bot"))
    await client.set("my-bot:other", "somebody else's")
    result = await import_addons_redis(empty_redis.url, target, prefix="my*bot")
    await client.aclose()

    assert result.copied == 4
    await assert_imported(target)


async def test_with_a_bot_its_dialogues_become_records(database: Path, target: BaseStorage) -> None:
    await import_addons_sqlite(database, target, bot_id=42)

    context = FSMContext(target, StateKey(42, 7, 7))
    assert (await context.get_state(), await context.get_data()) == ("Order:size", {"pizza": "Margherita"})
    assert await FSMContext(target, StateKey(42, -100, -100)).get_state() == "Order:paid"
    assert await target.list_keys() == ["user:9__history__", "visits"]


async def test_what_the_target_holds_is_kept(database: Path, target: BaseStorage) -> None:
    await target.set_state("chat:7", "precious")

    with pytest.raises(MigrationError, match="chat:7"):
        await import_addons_sqlite(database, target)
    assert await target.get_state("chat:7") == "precious"
    await import_addons_sqlite(database, target, overwrite=True)
    await assert_imported(target)


@pytest.fixture
def refused(database: Path) -> Path:
    """The database, with a damaged row, keys that no storage of Botkeep accepts, and a name used twice."""
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = [
            ("chat:8", "{broken"),
            ("", '{"name": "a", "data": {}}'),
            ("a\0b", '{"name": "b", "data": {}}'),
        ]
        connection.executemany("INSERT INTO fsm_state VALUES (?, ?, NULL)", rows)
        connection.execute("INSERT INTO fsm_counter VALUES ('chat:7', 1, NULL)")
    return database


async def test_what_is_refused_is_named_and_all_else_is_imported(refused: Path, target: BaseStorage) -> None:
    with pytest.raises(MigrationError, match=r"4 of the keys .*'chat:8': it is no JSON.*--rename") as caught:
        await import_addons_sqlite(refused, target)

    assert sorted(caught.value.keys) == ["", "a\0b", "chat:8", "fsm_counter:chat:7"]
    await assert_imported(target)


async def test_what_is_refused_can_be_renamed_or_left_out(refused: Path, target: BaseStorage) -> None:
    names = {"": "empty", "a\0b": "ab", "fsm_counter:chat:7": "chat:7:count"}
    result = await import_addons_sqlite(refused, target, rename=names, leave_out=True)

    assert result.left_out == ["chat:8"]
    assert await target.get_state("empty") == {"name": "a", "data": {}}
    assert await target.get_state("ab") == {"name": "b", "data": {}}
    assert await target.get_state("chat:7:count") == 1
    assert (await target.get_state("chat:7"))["name"] == "Order:size"


async def test_rows_of_any_damage_are_named_and_the_others_imported(
    database: Path, target: BaseStorage
) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = [
            (b"\x00\x01", "{}", None),
            ("late", "{}", "soon"),
            ("nan", '{"n": NaN}', None),
            ("deep", "[" * 100_000, None),
            ("bytes", b"{}", None),
            ("nothing", "null", None),
        ]
        connection.executemany("INSERT INTO fsm_state VALUES (?, ?, ?)", rows)
        connection.execute("INSERT INTO fsm_state VALUES (CAST(x'ff' AS TEXT), CAST(x'7b7d' AS TEXT), NULL)")
        connection.execute("INSERT INTO fsm_counter VALUES ('count', 'many', NULL)")

    with pytest.raises(MigrationError, match="7 of the keys") as caught:
        await import_addons_sqlite(database, target)
    assert set(caught.value.keys) == {repr(b"\x00\x01"), "late", "nan", "deep", "nothing", "\udcff", "count"}
    await target.delete_state("bytes")  # json reads bytes, too
    await assert_imported(target)


async def test_a_renaming_that_names_no_key_is_an_error_before_anything_is_written(
    refused: Path, target: BaseStorage
) -> None:
    with pytest.raises(MigrationError, match="nothing to rename under 'chatt:7'"):
        await import_addons_sqlite(refused, target, rename={"chatt:7": "x"}, leave_out=True)

    assert await target.list_keys() == []


async def test_a_conflict_and_a_refusal_are_told_together(refused: Path, target: BaseStorage) -> None:
    await target.set_state("visits", "precious")

    with pytest.raises(MigrationError, match=r"the target holds other documents.*4 of the keys") as caught:
        await import_addons_sqlite(refused, target)
    assert set(caught.value.keys) == {"visits", "", "a\0b", "chat:8", "fsm_counter:chat:7"}
    assert await target.get_state("visits") == "precious"
    assert await target.exists("chat:-100")


async def test_a_file_of_something_else_is_refused(tmp_path: Path, target: BaseStorage) -> None:
    (tmp_path / "notes.txt").write_text("no database at all")

    with pytest.raises(StorageFormatError, match="cannot be read as kurigram-addons' database"):
        await import_addons_sqlite(tmp_path / "notes.txt", target)
    with pytest.raises(FileNotFoundError):
        await import_addons_sqlite(tmp_path / "missing.db", target)
    assert not (tmp_path / "missing.db").exists()


async def test_keys_of_somebody_else_are_refused(empty_redis: RedisServer, target: BaseStorage) -> None:
    empty_redis.run("SET", "fsm:7:7:state", "Form:name")
    empty_redis.run("LPUSH", "fsm:list", "1")
    empty_redis.run("SET", b"fsm:\xff", "1")
    empty_redis.run("SET", "fsm:bytes", b"\xff")
    empty_redis.run("SET", "fsm:visits", "3")

    with pytest.raises(MigrationError, match=r"'fsm:7:7:state': it is no JSON.*'fsm:list': it is no string"):
        await import_addons_redis(empty_redis.url, target)
    assert await target.list_keys() == ["visits"]
    result = await import_addons_redis(empty_redis.url, target, leave_out=True, rename={"fsm:\udcff": "ff"})
    assert await target.list_keys() == ["ff", "visits"]
    assert sorted(result.left_out) == ["fsm:7:7:state", "fsm:bytes", "fsm:list"]
