"""What CascadeUI has stored, in the layouts of its versions 2 and 3."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from botkeep import BaseStorage, MemoryStorage, MigrationError, StorageFormatError, StorageUnavailableError
from botkeep_discord.importing import import_cascadeui
from botkeep_discord.persistence import NAMESPACE, VIEWS
from botkeep_discord.views.rows import Row, Rows

if TYPE_CHECKING:
    from tests.servers.redis_server import RedisServer

ROW = {
    "state_key": "lobby",
    "class_name": "Lobby",
    "message_id": "1001",
    "channel_id": "77",
    "guild_id": "5",
    "user_id": None,
    "registered_at": "2026-03-14T18:42:07+00:00",
}
STATE: dict[str, Any] = {
    "sessions": {},
    "views": {},
    "components": {},
    "application": {"counters": {"lobby": 3}},
    "persistent_views": {
        "lobby": ROW,
        "poll": {**ROW, "class_name": "polls.Poll", "init_kwargs": {"n": 2}, "kwargs_schema_version": 3},
    },
}


AT = datetime(2026, 3, 14, 18, 42, 7, tzinfo=timezone.utc)


@pytest.fixture
async def target() -> AsyncIterator[BaseStorage]:
    """Where to import."""
    async with MemoryStorage() as storage:
        yield storage


def write(path: Path, state: Any) -> Path:
    path.write_text(json.dumps(state, indent=2))
    return path


async def test_its_views_are_there_for_the_adapter(tmp_path: Path, target: BaseStorage) -> None:
    result = await import_cascadeui(write(tmp_path / "state.json", STATE), target)

    found = dict([item async for item in Rows(target.namespace(NAMESPACE).namespace(VIEWS)).all()])
    at = datetime(2026, 3, 14, 18, 42, 7, tzinfo=timezone.utc)
    assert result.copied == 3
    assert found["lobby"] == Row("Lobby", 77, 1001, guild_id=5, registered_at=at)
    poll = found["poll"]
    assert isinstance(poll, Row)
    assert (poll.class_name, poll.version, poll.keywords) == ("polls.Poll", 3, {"n": 2})


async def test_the_rest_of_its_state_is_one_document(tmp_path: Path, target: BaseStorage) -> None:
    await import_cascadeui(write(tmp_path / "state.json", STATE), target)

    assert await target.namespace("discord").get_state("state") == {"application": STATE["application"]}


@pytest.mark.parametrize(
    "row",
    [
        {},
        "text",
        {**ROW, "message_id": None},
        {**ROW, "channel_id": "x"},
        {**ROW, "registered_at": 5},
        {**ROW, "init_kwargs": [1]},
    ],
)
async def test_a_row_of_another_shape_is_named_and_the_others_are_imported(
    tmp_path: Path, target: BaseStorage, row: Any
) -> None:
    path = write(tmp_path / "state.json", {"persistent_views": {"fine": ROW, "odd": row}})

    with pytest.raises(MigrationError, match="'odd': it is no view of CascadeUI"):
        await import_cascadeui(path, target)
    assert await target.namespace(NAMESPACE).namespace(VIEWS).list_keys() == ["fine"]


@pytest.mark.parametrize("state", [[1], {"a": 1}, {"persistent_views": [1]}])
async def test_another_file_is_refused(tmp_path: Path, target: BaseStorage, state: Any) -> None:
    with pytest.raises(StorageFormatError, match="no state of CascadeUI"):
        await import_cascadeui(write(tmp_path / "state.json", state), target)


async def test_a_damaged_file_is_refused(tmp_path: Path, target: BaseStorage) -> None:
    (tmp_path / "state.json").write_text('{"persistent_')

    with pytest.raises(StorageFormatError, match="is no JSON"):
        await import_cascadeui(tmp_path / "state.json", target)


def write_version_2(path: Path) -> Path:
    """Write the database of a `SQLiteBackend` of version 2."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE cascadeui_state (id INTEGER PRIMARY KEY, data TEXT, updated_at TEXT)")
        database.execute("INSERT INTO cascadeui_state VALUES (1, ?, NULL)", (json.dumps(STATE),))
    return path


def write_version_3(path: Path, *, prefix: str = "cascadeui_", **view: Any) -> Path:
    """Write the database of a `SQLiteBackend` of version 3; what goes into it may differ by ``view``."""
    row = {
        "persistence_key": "lobby",
        "view_class": "cogs.lobby.Lobby",
        "custom_id": None,
        "message_id": 1001,
        "channel_id": 77,
        "guild_id": 5,
        "user_id": None,
        "session_id": None,
        "init_kwargs": json.dumps({"n": 2}),
        "kwargs_schema_version": 3,
        "schema_version": 2,
        "created_at": int(AT.timestamp()),
        "updated_at": int(AT.timestamp()),
        **view,
    }
    slots = {"counters": None, "short": int(time.time()) + 3600, "gone": int(time.time()) - 10}
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE {prefix}persistent_views ({', '.join(row)})")
        marks = ", ".join("?" * len(row))
        views = f"INSERT INTO {prefix}persistent_views VALUES ({marks})"  # noqa: S608 # our own names
        database.execute(views, tuple(row.values()))
        database.execute(f"CREATE TABLE {prefix}application_slots (slot_name, payload, expires_at)")
        for name, expires_at in slots.items():
            slot = f"INSERT INTO {prefix}application_slots VALUES (?, ?, ?)"  # noqa: S608 # as above
            database.execute(slot, (name, json.dumps({"lobby": 3}), expires_at))
        pairs = prefix if prefix.endswith("cascadeui_") else "cascadeui_"
        database.execute(f"CREATE TABLE {pairs}kv (namespace, key, value BLOB)")
        pair = f"INSERT INTO {pairs}kv VALUES ('mine', 'blob', ?)"  # noqa: S608 # as above
        database.execute(pair, (b"\x00\x01",))
    return path


async def test_the_database_of_version_2_is_read_as_its_file_is(tmp_path: Path, target: BaseStorage) -> None:
    result = await import_cascadeui(write_version_2(tmp_path / "cascadeui.db"), target)

    assert result.copied == 3
    assert await target.namespace("discord").get_state("state") == {"application": STATE["application"]}


@pytest.mark.parametrize(
    ("prefix", "settings"),
    [("", {}), ("cascadeui_", {}), ("staging_cascadeui_", {"table_prefix": "staging_"})],
    ids=["3.0", "3.14", "with a prefix"],
)
async def test_the_database_of_version_3_is_read_whatever_its_tables_are_called(
    tmp_path: Path, target: BaseStorage, prefix: str, settings: dict[str, Any]
) -> None:
    path = write_version_3(tmp_path / "cascadeui.db", prefix=prefix)
    result = await import_cascadeui(path, target, **settings)

    discord = target.namespace("discord")
    found = dict([item async for item in Rows(discord.namespace(VIEWS)).all()])
    left = await discord.namespace("application").get_ttl("short")
    assert found == {
        "lobby": Row("cogs.lobby.Lobby", 77, 1001, guild_id=5, version=3, keywords={"n": 2}, registered_at=AT)
    }
    assert await discord.get_state("state") == {"application": {"counters": {"lobby": 3}}}
    assert await discord.namespace("application").get_state("short") == {"lobby": 3}
    assert left is not None
    assert 3500 < left <= 3600
    assert await discord.namespace("kv").namespace("mine").get_state("blob") == b"\x00\x01"
    assert (result.copied, result.expired) == (4, 1)


async def test_a_view_of_version_3_that_cannot_be_read_does_not_keep_the_rest_back(
    tmp_path: Path, target: BaseStorage
) -> None:
    path = write_version_3(tmp_path / "cascadeui.db", init_kwargs="{")
    result = await import_cascadeui(path, target, leave_out=True)

    assert list(result.left_out) == ["lobby"]
    assert result.copied == 3


async def test_another_database_is_refused_and_a_prefix_is_named(tmp_path: Path, target: BaseStorage) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as database, database:
        database.execute("CREATE TABLE other (id)")

    with pytest.raises(StorageFormatError, match="has no tables of CascadeUI"):
        await import_cascadeui(tmp_path / "other.db", target)
    with pytest.raises(StorageFormatError, match="that begin with 'staging_'"):
        await import_cascadeui(write_version_3(tmp_path / "x.db"), target, table_prefix="staging_")


async def test_a_damaged_database_is_refused(tmp_path: Path, target: BaseStorage) -> None:
    path = write_version_3(tmp_path / "cascadeui.db")
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(StorageFormatError, match="cannot be read as CascadeUI's database"):
        await import_cascadeui(path, target)


async def test_the_key_of_a_redis_server_is_read_as_well(
    start_redis: Callable[[], RedisServer], target: BaseStorage
) -> None:
    redis = start_redis()
    redis.run("SET", "cascadeui:state", json.dumps(STATE))
    redis.run("SET", "cascadeui:state:other", "no JSON")
    result = await import_cascadeui(redis.url, target)
    with pytest.raises(StorageFormatError, match="has no key 'nothing'"):
        await import_cascadeui(redis.url, target, key="nothing")
    redis.kill()

    assert result.copied == 3
    with pytest.raises(StorageUnavailableError):
        await import_cascadeui(redis.url, target)


async def test_without_the_driver_of_redis_the_way_to_install_it_is_named(
    target: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botkeep.importers.foreign_redis", None)

    with pytest.raises(ImportError, match=r"pip install 'botkeep\[discord,redis\]'"):
        await import_cascadeui("redis://localhost", target)
