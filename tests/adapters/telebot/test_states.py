"""pyTelegramBotAPI's state storages: the contract of its own memory storage, and what it lacks."""

from __future__ import annotations

import asyncio
import copy
import inspect
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telebot import TeleBot
from telebot.asyncio_storage import StateMemoryStorage
from telebot.states import State, StatesGroup

from botkeep import (
    BaseStorage,
    DocumentError,
    FSMContext,
    MemoryStorage,
    SQLiteStorage,
    StateKey,
    StorageUnavailableError,
    UnknownStateError,
)
from botkeep.testing import FakeClock
from botkeep_telebot import BotkeepStateStorage, BotkeepSyncStateStorage, DataBlockEndedError


class Form(StatesGroup):
    name = State()


@pytest.fixture
def states(storage: BaseStorage) -> BotkeepStateStorage:
    return BotkeepStateStorage(storage)


async def script(states: Any) -> list[Any]:
    """Do what bots do, and return all answers; an await stands where the storage needs one."""
    answers: list[Any] = []

    async def note(answer: Any) -> None:
        answers.append(await answer if inspect.isawaitable(answer) else answer)

    await note(states.get_state(7, 8, bot_id=42))
    await note(states.get_data(7, 8, bot_id=42))
    await note(states.delete_state(7, 8, bot_id=42))
    await note(states.reset_data(7, 8, bot_id=42))
    await note(states.save(7, 8, {"x": 1}, None, None, 42))
    await note(states.set_state(7, 8, "a", bot_id=42))
    await note(states.set_data(7, 8, "k", [1], bot_id=42))
    await note(states.get_data(chat_id=7, user_id=8, bot_id=42))
    await note(states.set_state(7, 8, 1, bot_id=42))
    await note(states.get_state(7, 8, bot_id=42))
    await note(states.save(7, 8, {"y": 2}, None, None, 42))
    await note(states.get_data(7, 8, None, None, 42))
    await note(states.reset_data(7, 8, bot_id=42))
    await note(states.get_data(7, 8, bot_id=42))
    await note(states.delete_state(7, 8, bot_id=42))
    await note(states.get_state(7, 8, bot_id=42))
    return answers


async def test_it_answers_as_the_frameworks_own_memory_storage_does(states: BotkeepStateStorage) -> None:
    assert await script(states) == await script(StateMemoryStorage())


async def test_a_state_object_is_kept_by_its_name(states: BotkeepStateStorage) -> None:
    await states.set_state(7, 8, Form.name)

    assert await states.get_state(7, 8) == "Form:name"


async def test_data_without_a_state_is_refused(states: BotkeepStateStorage) -> None:
    with pytest.raises(RuntimeError, match="set a state first"):
        await states.set_data(7, 8, "k", 1)


async def test_fifty_fields_set_at_once_are_all_kept(states: BotkeepStateStorage) -> None:
    await states.set_state(7, 8, "a")
    await asyncio.gather(*(states.set_data(7, 8, f"f{number}", number) for number in range(50)))

    assert len(await states.get_data(7, 8)) == 50


async def test_blocks_on_the_data_leave_what_others_changed_meanwhile(states: BotkeepStateStorage) -> None:
    await states.set_state(7, 8, "a")
    await states.save(7, 8, {"kept": 1, "changed": 1, "removed": 1})

    async def change(number: int) -> None:
        async with states.get_interactive_data(7, 8) as data:
            await asyncio.sleep(0)
            data[f"f{number}"] = number
            data["changed"] = 2
            data.pop("removed", None)

    await asyncio.gather(*(change(number) for number in range(50)))

    data = await states.get_data(7, 8)
    assert data == {"kept": 1, "changed": 2, **{f"f{number}": number for number in range(50)}}


async def test_every_part_of_the_place_counts(states: BotkeepStateStorage) -> None:
    places: list[dict[str, Any]] = [
        {},
        {"bot_id": 42},
        {"bot_id": 43},
        {"message_thread_id": 42},
        {"business_connection_id": "42"},
    ]
    for number, place in enumerate(places):
        await states.set_state(7, 8, number, **place)

    assert [await states.get_state(7, 8, **place) for place in places] == list(range(5))


@pytest.fixture
def sync_states(tmp_path: Path) -> Iterator[BotkeepSyncStateStorage]:
    opened = BotkeepSyncStateStorage(SQLiteStorage(tmp_path / "sync.db", durability="normal"))
    yield opened
    opened.close()


async def test_the_synchronous_one_answers_alike(sync_states: BotkeepSyncStateStorage) -> None:
    assert await script(sync_states) == await script(StateMemoryStorage())


def test_threads_lose_nothing_of_each_other(sync_states: BotkeepSyncStateStorage) -> None:
    sync_states.set_state(7, 8, "a")

    def change(number: int) -> None:
        with sync_states.get_interactive_data(7, 8) as data:
            data[f"f{number}"] = number

    threads = [threading.Thread(target=change, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sync_states.get_data(7, 8)) == 20


def test_a_closed_synchronous_storage_opens_again(sync_states: BotkeepSyncStateStorage) -> None:
    sync_states.set_state(7, 8, "a")
    sync_states.close()

    assert sync_states.get_state(7, 8) == "a"


async def test_a_storage_that_dies_is_no_missing_state_and_returns_whole(tmp_path: Path) -> None:
    (tmp_path / "bot.db").touch()
    storage = SQLiteStorage(tmp_path / "bot.db", timeout=0.05)
    states = BotkeepStateStorage(storage)
    await states.set_state(7, 8, "a")
    with sqlite3.connect(tmp_path / "bot.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailableError):
            await states.set_state(7, 8, "b")
        other.execute("ROLLBACK")
    other.close()
    await states.set_data(7, 8, "k", 1)
    kept = await states.get_state(7, 8), await states.get_data(7, 8)
    await states.close()

    assert kept == ("a", {"k": 1})


async def test_a_dialogue_is_a_record_that_every_adapter_reads_and_writes(
    storage: BaseStorage, states: BotkeepStateStorage
) -> None:
    context = FSMContext(storage, StateKey(42, 7, 8))
    await states.set_state(7, 8, Form.name, bot_id=42)
    await states.set_data(7, 8, "pizza", "Margherita", bot_id=42)
    read = await context.get_state(), await context.get_data()
    await context.set_state("Form:size")
    await context.update_data(size=1)

    assert read == ("Form:name", {"pizza": "Margherita"})
    assert await states.get_state(7, 8, bot_id=42) == "Form:size"
    assert await states.get_data(7, 8, bot_id=42) == {"pizza": "Margherita", "size": 1}


async def test_a_dialogue_that_an_adapter_ended_is_over(
    storage: BaseStorage, states: BotkeepStateStorage
) -> None:
    await states.set_state(7, 8, "a")
    await FSMContext(storage, StateKey(0, 7, 8)).clear()

    assert await states.delete_state(7, 8) is False
    with pytest.raises(RuntimeError, match="set a state first"):
        await states.set_data(7, 8, "k", 1)


async def test_what_the_first_version_kept_is_read_once_and_becomes_a_record(
    storage: BaseStorage, states: BotkeepStateStorage
) -> None:
    former, records = storage.namespace("telebot"), storage.namespace("fsm")
    keys = [StateKey(42, 7, user).identifier for user in range(5)]
    for key, state in zip(keys, ["Form:name", 1, None, "#", 2.5], strict=True):
        await former.set_state(key, {"state": state, "data": {"state": state}})
    await former.touch(keys[0], ttl=600)
    await records.set_state(keys[4], {"name": "newer", "data": {}})

    found = [await states.get_state(7, user, bot_id=42) for user in range(5)]
    assert found == ["Form:name", 1, None, "#", "newer"]
    assert await states.get_data(7, 1, bot_id=42) == {"state": 1}
    assert await former.list_keys() == []
    assert await records.get_ttl(keys[0]) == pytest.approx(600, abs=60)
    assert await records.get_ttl(keys[1]) == float("inf")


@pytest.mark.parametrize("state", ["Form:name", "#", "##1", "#1", "#x", 0, 1, -5, 2**70])
async def test_a_state_comes_back_with_its_type(states: BotkeepStateStorage, state: Any) -> None:
    await states.set_state(7, 8, state)
    found = await states.get_state(7, 8)

    assert (found, type(found)) == (state, type(state))


@pytest.mark.parametrize("state", [True, 2.5, ("a",), object()])
async def test_what_is_no_state_is_refused_where_it_is_set(states: BotkeepStateStorage, state: Any) -> None:
    with pytest.raises(UnknownStateError, match="is no state"):
        await states.set_state(7, 8, state)


async def test_a_dialogue_that_nobody_goes_on_with_is_forgotten() -> None:
    clock = FakeClock()
    async with MemoryStorage(clock=clock) as storage:
        states = BotkeepStateStorage(storage, idle_ttl=60)
        await states.set_state(7, 8, "a")
        clock.advance(50)
        await states.set_data(7, 8, "k", 1)
        clock.advance(50)
        kept = await states.get_state(7, 8)
        clock.advance(11)

        assert kept == "a"
        assert await states.get_state(7, 8) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, True), (0, False), (1, 1.0), (0.0, -0.0), ([1], [True]), ({"a": 0}, {"a": False}), ("a", b"a")],
)
async def test_a_value_of_another_type_is_a_change(
    states: BotkeepStateStorage, before: Any, after: Any
) -> None:
    await states.set_state(7, 8, "a")
    await states.save(7, 8, {"value": before})
    async with states.get_interactive_data(7, 8) as data:
        data["value"] = after

    found = (await states.get_data(7, 8))["value"]
    assert repr(found) == repr(after)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(more=1),
        lambda data: data.__setitem__("more", 1),
        lambda data: data.setdefault("more", 1),
        lambda data: data.pop("k"),
        lambda data: data.popitem(),
        lambda data: data.clear(),
        lambda data: data.__delitem__("k"),
        lambda data: data.__ior__({"more": 1}),
    ],
)
async def test_the_data_cannot_be_changed_after_its_block(states: BotkeepStateStorage, change: Any) -> None:
    await states.set_state(7, 8, "a")
    await states.set_data(7, 8, "k", 1)
    async with states.get_interactive_data(7, 8) as data:
        kept = data

    with pytest.raises(DataBlockEndedError, match="`with` block on the data"):
        change(kept)
    assert kept == await states.get_data(7, 8) == {"k": 1}


async def test_a_list_that_is_changed_after_its_block_is_told_of(states: BotkeepStateStorage) -> None:
    await states.set_state(7, 8, "a")
    await states.set_data(7, 8, "items", [1])
    async with states.get_interactive_data(7, 8) as data:
        data["items"].append(2)
    data["items"].append(3)

    with pytest.warns(RuntimeWarning, match="after its `with` block were not written"):
        del data
    assert await states.get_data(7, 8) == {"items": [1, 2]}


@pytest.mark.parametrize("duplicate", [dict, copy.copy, copy.deepcopy, lambda data: data.copy()])
async def test_a_copy_of_the_data_is_a_plain_dict(states: BotkeepStateStorage, duplicate: Any) -> None:
    await states.set_state(7, 8, "a")
    async with states.get_interactive_data(7, 8) as data:
        data["k"] = [1]
    copied = duplicate(data)
    copied["more"] = 1

    assert type(copied) is dict
    assert copied == {"k": [1], "more": 1}


async def test_data_without_a_state_is_told_of(states: BotkeepStateStorage) -> None:
    with pytest.warns(RuntimeWarning, match="has no state, so its data was not written"):
        async with states.get_interactive_data(7, 8) as data:
            data["k"] = 1


async def test_a_field_that_cannot_be_stored_is_named_and_the_others_stay(
    states: BotkeepStateStorage,
) -> None:
    await states.set_state(7, 8, "a")
    await states.set_data(7, 8, "k", 1)
    with pytest.raises(DocumentError, match="bad"):
        async with states.get_interactive_data(7, 8) as data:
            data["bad"] = object()

    assert await states.get_data(7, 8) == {"k": 1}


def test_data_by_reference_of_a_synchronous_bot_is_not_lost_silently(
    sync_states: BotkeepSyncStateStorage,
) -> None:
    bot = TeleBot("42:TEST", state_storage=sync_states, threaded=False)
    bot.set_state(7, "a", 7)

    def by_reference() -> dict[str, Any]:
        block: Any = bot.retrieve_data(7, 7)
        with block as data:
            data["k"] = 1
            found: dict[str, Any] = data
            return found

    data = by_reference()
    with pytest.raises(DataBlockEndedError):
        data["k"] = 2

    assert by_reference() == {"k": 1}
