"""What aiogram's own RedisStorage has written, read by `botkeep_aiogram`."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.fsm.storage.base import DefaultKeyBuilder, StorageKey
from aiogram.fsm.storage.redis import RedisEventIsolation, RedisStorage
from tests.servers.redis_server import RedisServer

from botkeep import BaseStorage, MigrationError, StorageUnavailableError
from botkeep.importers import aiogram_redis
from botkeep_aiogram import BotkeepStorage

BOT = 42
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
        result = await aiogram_redis.import_documents(empty_redis.url, target, **imported)
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
    await aiogram_redis.import_documents(empty_redis.url, target, bot_id=BOT)
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
        ("fsm:7:7:data", "[1]", {"bot_id": BOT}, "it is no dict"),
        ("fsm:7:7:data", "{'a'", {"bot_id": BOT}, "it is no JSON"),
    ],
)
async def test_a_key_of_another_shape_is_named_and_nothing_is_imported(
    key: str, value: Any, settings: dict[str, Any], reason: str, empty_redis: RedisServer, target: BaseStorage
) -> None:
    empty_redis.run("SET", key, value)
    empty_redis.run("SET", "fsm:1:1:state", "Form:name")

    with pytest.raises(MigrationError, match=reason) as caught:
        await aiogram_redis.import_documents(empty_redis.url, target, **settings)
    assert caught.value.keys[0] in {key, "fsm:1:1:state"}
    assert await target.namespace("fsm").list_keys() == []


@pytest.mark.parametrize(("value", "reason"), [('{"a": NaN}', "data.a"), (b"\xff", "it is no text")])
async def test_a_value_that_cannot_be_stored_is_named_and_the_rest_is_imported(
    value: Any, reason: str, empty_redis: RedisServer, target: BaseStorage
) -> None:
    empty_redis.run("SET", "fsm:7:7:data", value)
    empty_redis.run("SET", "fsm:1:1:state", "Form:name")

    with pytest.raises(MigrationError, match=reason) as caught:
        await aiogram_redis.import_documents(empty_redis.url, target, bot_id=BOT)
    assert caught.value.keys == ["fsm:7:7:data"]
    assert len(await target.namespace("fsm").list_keys()) == 1


async def test_a_server_that_is_not_there_is_an_error_without_its_password(target: BaseStorage) -> None:
    with pytest.raises(StorageUnavailableError) as caught:
        await aiogram_redis.import_documents("redis://me:secret@127.0.0.1:1/0", target, bot_id=BOT)

    assert "127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)
