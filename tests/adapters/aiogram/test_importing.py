"""What aiogram's own RedisStorage has written, read by `botkeep_aiogram`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram.fsm.storage.base import DefaultKeyBuilder, StorageKey
from aiogram.fsm.storage.redis import RedisEventIsolation, RedisStorage
from tests.servers.redis_server import RedisServer

from botkeep import BaseStorage, MemoryStorage, MigrationError, StorageUnavailableError
from botkeep.__main__ import main
from botkeep_aiogram import BotkeepStorage
from botkeep_aiogram.importing import import_redis
from botkeep_aiogram.storage import state_key

BOT = 42


@pytest.fixture
async def target() -> AsyncIterator[BaseStorage]:
    """Where to import."""
    async with MemoryStorage() as storage:
        yield storage


PLAIN = [StorageKey(BOT, 7, 7), StorageKey(BOT, -100, 7), StorageKey(BOT, -100, 7, thread_id=5)]
OTHER_BOT = [StorageKey(43, 7, 7)]
BUSINESS = [StorageKey(BOT, 7, 7, business_connection_id="a-1_B")]
DESTINIES = [StorageKey(BOT, 7, 7, destiny="scenes:history"), StorageKey(BOT, 7, 7, destiny="5")]

VARIANTS: list[tuple[dict[str, Any], dict[str, Any], list[StorageKey]]] = [
    ({}, {"bot_id": BOT}, PLAIN),
    ({"prefix": "my[bot]", "separator": "|"}, {"bot_id": BOT, "prefix": "my[bot]", "separator": "|"}, PLAIN),
    ({"with_bot_id": True}, {}, PLAIN + OTHER_BOT),
    ({"with_destiny": True}, {"bot_id": BOT, "with_destiny": True}, PLAIN + DESTINIES),
    (
        {"with_bot_id": True, "with_business_connection_id": True, "with_destiny": True},
        {"with_business_connection_id": True, "with_destiny": True},
        PLAIN + OTHER_BOT + BUSINESS + DESTINIES,
    ),
]


@pytest.mark.parametrize(("built", "imported", "keys"), VARIANTS)
async def test_states_and_data_are_there_for_the_adapter(
    built: dict[str, Any],
    imported: dict[str, Any],
    keys: list[StorageKey],
    empty_redis: RedisServer,
    target: BaseStorage,
) -> None:
    theirs = RedisStorage.from_url(empty_redis.url, key_builder=DefaultKeyBuilder(**built))
    for number, key in enumerate(keys):
        await theirs.set_state(key, f"Form:{number}")
        await theirs.set_data(key, {"number": number, "of": key.destiny})
    async with RedisEventIsolation(theirs.redis, theirs.key_builder).lock(keys[0]):
        result = await import_redis(empty_redis.url, target, **imported)
    await theirs.close()

    ours = BotkeepStorage(target)
    assert result.copied == len(keys)
    for number, key in enumerate(keys):
        assert await ours.get_state(key) == f"Form:{number}"
        assert await ours.get_data(key) == {"number": number, "of": key.destiny}


async def test_the_longer_of_two_times_is_kept(empty_redis: RedisServer, target: BaseStorage) -> None:
    theirs = RedisStorage.from_url(empty_redis.url, state_ttl=60, data_ttl=600)
    first, second, third = PLAIN
    await theirs.set_state(first, "Form:name")
    await theirs.set_data(first, {"a": 1})
    await theirs.set_state(second, "Form:name")
    theirs.data_ttl = None
    await theirs.set_state(third, "Form:name")
    await theirs.set_data(third, {"a": 1})
    await import_redis(empty_redis.url, target, bot_id=BOT)
    await theirs.close()

    records = target.namespace("fsm")
    left = sorted([await records.get_ttl(key) or 0 for key in await records.list_keys()])
    assert left == [pytest.approx(60, abs=30), pytest.approx(600, abs=30), float("inf")]


@pytest.mark.parametrize(
    ("key", "value", "settings", "reason"),
    [
        ("fsm:42:7:7:state", "Form:name", {"bot_id": BOT}, "leave out bot_id"),
        ("fsm:7:7:state", "Form:name", {}, "no key of DefaultKeyBuilder with these settings"),
        ("fsm:7:7:default:state", "Form:name", {"bot_id": BOT}, "no key of DefaultKeyBuilder"),
        ("fsm:chat:7", "{}", {"bot_id": BOT}, "no key of DefaultKeyBuilder"),
        ("fsm:7:7:data", "[1]", {"bot_id": BOT}, "its data is no dict"),
        ("fsm:7:7:data", "{'a'", {"bot_id": BOT}, "its data is no JSON"),
    ],
)
async def test_a_key_of_another_shape_is_named_and_nothing_is_imported(
    key: str, value: Any, settings: dict[str, Any], reason: str, empty_redis: RedisServer, target: BaseStorage
) -> None:
    empty_redis.run("SET", key, value)
    empty_redis.run("SET", "fsm:1:1:state", "Form:name")

    with pytest.raises(MigrationError, match=reason) as caught:
        await import_redis(empty_redis.url, target, **settings)
    assert caught.value.keys[0] in {key, "fsm:1:1:state"}
    assert await target.namespace("fsm").list_keys() == []


@pytest.mark.parametrize(("value", "reason"), [('{"a": NaN}', "data.a"), (b"\xff", "it is no text")])
async def test_a_value_that_cannot_be_stored_is_named_and_the_rest_is_imported(
    value: Any, reason: str, empty_redis: RedisServer, target: BaseStorage
) -> None:
    empty_redis.run("SET", "fsm:7:7:data", value)
    empty_redis.run("SET", "fsm:1:1:state", "Form:name")

    with pytest.raises(MigrationError, match=reason) as caught:
        await import_redis(empty_redis.url, target, bot_id=BOT)
    assert caught.value.keys == ["fsm:7:7:data"]
    assert len(await target.namespace("fsm").list_keys()) == 1


async def test_a_server_that_is_not_there_is_an_error_without_its_password(target: BaseStorage) -> None:
    with pytest.raises(StorageUnavailableError) as caught:
        await import_redis("redis://me:secret@127.0.0.1:1/0", target, bot_id=BOT)

    assert "127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)


ALL: dict[str, Any] = {"with_bot_id": True, "with_business_connection_id": True, "with_destiny": True}
SETTINGS: dict[str, Any] = {"with_business_connection_id": True, "with_destiny": True}

ONE_WAY = [
    StorageKey(BOT, 7, 7, destiny="5:x"),
    StorageKey(BOT, 7, 7, destiny="5:8:x"),
    StorageKey(BOT, 7, 7, destiny="-100"),
    StorageKey(BOT, 7, 7, destiny="a:b:state"),
    StorageKey(BOT, -100, 7, destiny=""),
    StorageKey(BOT, 7, 7, business_connection_id="5:x"),
    StorageKey(BOT, 7, 7, business_connection_id="5"),
    StorageKey(BOT, -100, 7, thread_id=5),
    StorageKey(BOT, -100, -100, thread_id=5),
    StorageKey(BOT, -100, 7, thread_id=5, destiny="scenes_history"),
    StorageKey(BOT, 7, 7, business_connection_id="a", destiny="scenes:history"),
]
SEVERAL_WAYS = [
    StorageKey(BOT, -100, 8, destiny="5:x"),
    StorageKey(BOT, -100, 5, thread_id=8, destiny="x"),
    StorageKey(BOT, 7, 7, business_connection_id="-5"),
    StorageKey(BOT, 7, 8, business_connection_id="bc:1"),
]


async def fill(url: str, built: dict[str, Any], *keys: StorageKey) -> list[str]:
    """Let aiogram itself write a dialogue for each key, and return the keys of its Redis."""
    theirs = RedisStorage.from_url(url, key_builder=DefaultKeyBuilder(**built))
    for number, key in enumerate(keys):
        await theirs.set_state(key, f"Form:{number}")
        await theirs.set_data(key, {"number": number})
    await theirs.close()
    builder = DefaultKeyBuilder(**built)
    return [builder.build(key, part) for key in keys for part in ("data", "state")]


@pytest.mark.parametrize("key", ONE_WAY, ids=str)
async def test_a_key_that_looks_like_another_is_filed_where_it_belongs(
    key: StorageKey, empty_redis: RedisServer, target: BaseStorage
) -> None:
    await fill(empty_redis.url, ALL, key)
    await import_redis(empty_redis.url, target, **SETTINGS)

    ours = BotkeepStorage(target)
    assert (await ours.get_state(key), await ours.get_data(key)) == ("Form:0", {"number": 0})
    assert len(await target.namespace("fsm").list_keys()) == 1


@pytest.mark.parametrize("key", SEVERAL_WAYS, ids=str)
async def test_a_key_that_can_be_read_in_several_ways_stays_behind_and_is_named(
    key: StorageKey, empty_redis: RedisServer, target: BaseStorage
) -> None:
    names = await fill(empty_redis.url, ALL, key)
    await fill(empty_redis.url, ALL, StorageKey(BOT, 1, 1))

    with pytest.raises(MigrationError, match=r"it can be read as bot:42/.* or bot:42/") as caught:
        await import_redis(empty_redis.url, target, **SETTINGS)
    assert sorted(caught.value.keys) == sorted(names)
    assert await target.namespace("fsm").list_keys() == [state_key(StorageKey(BOT, 1, 1)).identifier]

    result = await import_redis(empty_redis.url, target, **SETTINGS, leave_out=True)
    assert sorted(result.left_out) == sorted(names)

    await import_redis(empty_redis.url, target, **SETTINGS, rename={names[0]: state_key(key).identifier})
    ours = BotkeepStorage(target)
    assert (await ours.get_state(key), await ours.get_data(key)) == ("Form:0", {"number": 0})


@pytest.mark.parametrize("topics", [True, False])
async def test_whether_there_are_topics_settles_how_a_key_is_read(
    topics: bool, empty_redis: RedisServer, target: BaseStorage
) -> None:
    key = SEVERAL_WAYS[1] if topics else SEVERAL_WAYS[0]
    await fill(empty_redis.url, ALL, key)
    await import_redis(empty_redis.url, target, **SETTINGS, topics=topics)

    assert await BotkeepStorage(target).get_state(key) == "Form:0"


@pytest.mark.parametrize("topics", [True, False, None])
async def test_a_destiny_of_aiograms_own_needs_no_telling(
    topics: bool | None, empty_redis: RedisServer, target: BaseStorage
) -> None:
    key = StorageKey(BOT, -100, 7)
    await fill(empty_redis.url, ALL, key)
    await import_redis(empty_redis.url, target, **SETTINGS, topics=topics)

    assert await BotkeepStorage(target).get_state(key) == "Form:0"


@pytest.mark.parametrize("destiny", ["a\0b", "x/y", "%", "-", "d" * 2000])
async def test_a_destiny_that_is_too_long_stays_behind_and_any_other_is_imported(
    destiny: str, empty_redis: RedisServer, target: BaseStorage
) -> None:
    key, other = StorageKey(BOT, 7, 7, destiny=destiny), StorageKey(BOT, 1, 1)
    names = await fill(empty_redis.url, ALL, key, other)
    ours = BotkeepStorage(target)
    if len(destiny) > 1000:
        with pytest.raises(MigrationError, match="1024 are allowed") as caught:
            await import_redis(empty_redis.url, target, **SETTINGS)
        assert sorted(caught.value.keys) == sorted(names[:2])
    else:
        await import_redis(empty_redis.url, target, **SETTINGS)
        assert await ours.get_state(key) == "Form:0"

    assert await ours.get_state(other) == "Form:1"


@pytest.mark.parametrize(
    ("key", "value"), [("fsm:version", "2"), ("fsm:7:7:data", "[1]"), ("fsm:7:7:data", "{'a'")]
)
async def test_what_is_not_aiograms_can_be_left_out(
    key: str, value: str, empty_redis: RedisServer, target: BaseStorage
) -> None:
    empty_redis.run("SET", key, value)
    empty_redis.run("SET", "fsm:1:1:state", "Form:name")
    result = await import_redis(empty_redis.url, target, bot_id=BOT, leave_out=True)

    assert (result.copied, result.left_out) == (1, [key])


def test_the_command_finds_the_importer_by_name(
    empty_redis: RedisServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty_redis.run("SET", "fsm:42:7:7:5:x:state", "Form:name")
    target = f"sqlite:{tmp_path / 'bot.db'}"
    code = main(["import", "aiogram-redis", empty_redis.url, target, "--with-destiny", "--no-topics"])

    assert (code, "1 copied" in capsys.readouterr().out) == (0, True)


def test_the_command_names_the_packages_that_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in {"aiogram", "botkeep_aiogram"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiogram", None)
    code = main(["import", "aiogram-redis", "redis://127.0.0.1:1/0", f"sqlite:{tmp_path / 'bot.db'}"])

    assert (code, "pip install 'botkeep[aiogram,redis]'" in capsys.readouterr().err) == (1, True)
