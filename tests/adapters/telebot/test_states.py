"""pyTelegramBotAPI's state storages: the contract of its own memory storage, and what it lacks."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from telebot import asyncio_helper
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_storage import StateMemoryStorage
from telebot.states import State, StatesGroup

from botkeep import BaseStorage, SQLiteStorage, StorageClosedError, StorageUnavailableError
from botkeep_telebot import BotkeepStateStorage, BotkeepSyncStateStorage, setup_botkeep


class Form(StatesGroup):
    name = State()


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


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


async def test_the_end_of_polling_stops_the_storage_and_the_next_use_opens_it(storage: BaseStorage) -> None:
    bot = AsyncTeleBot("42:TEST")
    setup_botkeep(bot, storage)
    await bot.set_state(8, "a", 7)
    # What polling opens at its first request.
    await asyncio_helper.session_manager.get_session()
    await bot.close_session()
    with pytest.raises(StorageClosedError):
        await storage.get_state("x")

    assert await bot.get_state(8, 7) == "a"


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
