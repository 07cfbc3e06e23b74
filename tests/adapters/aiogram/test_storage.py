"""aiogram's storage contract (aiogram.fsm.storage.base), kept on a Botkeep storage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from aiogram.exceptions import DataNotDictLikeError
from aiogram.fsm.context import FSMContext
from aiogram.fsm.scene import HistoryManager
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import StorageKey

import botkeep
from botkeep import BaseStorage, MemoryStorage, SQLiteStorage, StateKey
from botkeep.testing import FakeClock
from botkeep_aiogram import BotkeepStorage

KEY = StorageKey(bot_id=42, chat_id=-7, user_id=8)


class Form(StatesGroup):
    name = State()


@pytest.fixture(params=["memory", "sqlite"])
async def records(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[BaseStorage]:
    storage = MemoryStorage() if request.param == "memory" else SQLiteStorage(tmp_path / "bot.db")
    async with storage:
        yield storage


@pytest.fixture
def storage(records: BaseStorage) -> BotkeepStorage:
    return BotkeepStorage(records)


async def test_a_state_is_kept_by_its_name_and_none_removes_it(storage: BotkeepStorage) -> None:
    await storage.set_state(KEY, Form.name)
    kept = await storage.get_state(KEY)
    await storage.set_state(KEY, None)

    assert kept == "Form:name"
    assert await storage.get_state(KEY) is None


async def test_a_state_without_a_name_is_none(storage: BotkeepStorage) -> None:
    await storage.set_state(KEY, "x")
    await storage.set_state(KEY, State())

    assert await storage.get_state(KEY) is None


async def test_nothing_is_left_of_a_dialogue_without_state_and_data(
    storage: BotkeepStorage, records: BaseStorage
) -> None:
    await storage.set_state(KEY, Form.name)
    await storage.set_data(KEY, {"a": 1})
    await storage.set_data(KEY, {})
    await storage.set_state(KEY, None)
    await storage.update_data(KEY, {})

    assert await records.namespace("fsm").list_keys() == []


@pytest.mark.parametrize("data", [(), [("a", 1)], "a", None])
async def test_data_that_is_no_dict_is_refused_and_changes_nothing(
    storage: BotkeepStorage, data: Any
) -> None:
    await storage.set_data(KEY, {"a": 1})
    for write in (storage.set_data, storage.update_data):
        with pytest.raises(DataNotDictLikeError):
            await write(KEY, data)

    assert await storage.get_data(KEY) == {"a": 1}


async def test_what_a_caller_does_to_data_stays_outside(storage: BotkeepStorage) -> None:
    data = {"items": [1]}
    await storage.set_data(KEY, data)
    data["items"].append(2)
    updated = await storage.update_data(KEY, {"more": [1]})
    updated["more"].append(2)
    (await storage.get_data(KEY))["items"].append(3)

    assert await storage.get_data(KEY) == {"items": [1], "more": [1]}


async def test_one_value_is_read_by_name(storage: BotkeepStorage) -> None:
    await storage.set_data(KEY, {"a": {"b": 1}})

    assert await storage.get_value(storage_key=KEY, dict_key="a") == {"b": 1}
    assert await storage.get_value(storage_key=KEY, dict_key="z", default=5) == 5


async def test_dates_and_sets_come_back_as_they_were(storage: BotkeepStorage) -> None:
    data = {"due": datetime(2026, 11, 21, tzinfo=timezone.utc), "tags": {"a"}}
    await storage.set_data(KEY, data)

    assert await storage.get_data(KEY) == data


async def test_fifty_updates_at_once_keep_all_fields(storage: BotkeepStorage) -> None:
    await asyncio.gather(*(storage.update_data(KEY, {f"f{number}": number}) for number in range(50)))

    assert len(await storage.get_data(KEY)) == 50


async def test_every_part_of_the_key_counts(storage: BotkeepStorage) -> None:
    keys = [
        KEY,
        replace(KEY, bot_id=43),
        replace(KEY, chat_id=7),
        replace(KEY, user_id=9),
        replace(KEY, thread_id=1),
        replace(KEY, business_connection_id="1"),
        replace(KEY, destiny="other"),
    ]
    for number, key in enumerate(keys):
        await storage.set_state(key, f"state {number}")

    assert [await storage.get_state(key) for key in keys] == [f"state {number}" for number in range(7)]


async def test_scenes_keep_their_history(storage: BotkeepStorage) -> None:
    history = HistoryManager(FSMContext(storage, KEY))
    await history.push("A", {"x": 1})
    await history.push("B", {"x": 2})
    last = await history.pop()

    assert last is not None
    assert (last.state, last.data) == ("B", {"x": 2})


def test_it_is_never_falsy() -> None:
    # aiogram takes a falsy storage for none and silently uses one in memory.
    assert bool(BotkeepStorage(MemoryStorage()))


async def test_a_dialogue_that_nobody_goes_on_with_is_forgotten() -> None:
    clock = FakeClock()
    async with MemoryStorage(clock=clock) as memory:
        storage = BotkeepStorage(memory, idle_ttl=60)
        for write in (
            storage.set_state(KEY, Form.name),
            storage.update_data(KEY, {"a": 1}),
            storage.set_data(KEY, {"b": 1}),
        ):
            await write
            clock.advance(50)
        kept = await storage.get_state(KEY)
        clock.advance(11)

        assert kept == "Form:name"
        assert await storage.get_state(KEY) is None
        assert await storage.get_data(KEY) == {}


@pytest.mark.parametrize("idle_ttl", [0, -1, float("nan")])
def test_an_idle_ttl_that_is_none_is_refused_at_construction(idle_ttl: float) -> None:
    with pytest.raises(ValueError, match="ttl"):
        BotkeepStorage(MemoryStorage(), idle_ttl=idle_ttl)


async def test_a_dialogue_is_a_record_that_every_adapter_reads_and_writes(
    storage: BotkeepStorage, records: BaseStorage
) -> None:
    key = replace(KEY, thread_id=5, business_connection_id="b", destiny="scene")
    await storage.set_state(key, Form.name)
    context = botkeep.FSMContext(records, StateKey(42, -7, 8, 5, "b", "scene"))
    await context.update_data(a=1)

    assert await context.get_state() == "Form:name"
    assert await storage.get_data(key) == {"a": 1}
