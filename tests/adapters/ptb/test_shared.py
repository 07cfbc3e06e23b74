"""Several processes: each reads anew what the others have changed, and loses nothing of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram.ext import ContextTypes, MessageHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import builder, feed, fetch, new_application, running
from tests.adapters.ptb.test_data_types import DictWithAttributes

from botkeep import BaseStorage, MemoryStorage, SQLiteStorage, StorageUnavailableError
from botkeep.hooks import READS
from botkeep.testing.storage_faults import FaultyEngine
from botkeep_ptb import SharedBotkeepPersistence, setup_botkeep


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


def process(storage: BaseStorage, handle: Any) -> Any:
    application = new_application(storage, persistence=SharedBotkeepPersistence(storage))
    application.add_handler(MessageHandler(filters.ALL, handle))
    return application


async def test_each_sees_what_the_others_have_changed(storage: BaseStorage) -> None:
    async def count(update: Any, context: Any) -> None:
        for data in (context.user_data, context.chat_data, context.bot_data):
            data["n"] = data.get("n", 0) + 1

    async with process(storage, count) as one, process(storage, count) as other:
        for application in (one, other, one, other):
            await feed(application, updates.message("x"))

        assert (one.user_data[7]["n"], other.user_data[7]["n"]) == (3, 4)
        assert (one.chat_data[7]["n"], other.chat_data[7]["n"]) == (3, 4)
        assert (one.bot_data["n"], other.bot_data["n"]) == (3, 4)


async def test_a_key_that_another_has_deleted_is_gone(storage: BaseStorage) -> None:
    async def change(update: Any, context: Any) -> None:
        for data in (context.user_data, context.chat_data, context.bot_data):
            if update.message.text == "delete":
                data.pop("a")
            elif update.message.text == "delete all":
                data.clear()
            else:
                data.update(a=1, b=2)

    async def look(update: Any, context: Any) -> None:
        seen.append([dict(data) for data in (context.user_data, context.chat_data, context.bot_data)])

    seen: list[Any] = []
    async with process(storage, change) as one, process(storage, look) as other:
        for text in ("add", "delete", "delete all"):
            await feed(one, updates.message(text))
            await feed(other, updates.message("look"))

    assert seen == [[{"a": 1, "b": 2}] * 3, [{"b": 2}] * 3, [{}] * 3]


async def test_data_that_another_has_dropped_is_gone(storage: BaseStorage) -> None:
    async def keep(update: Any, context: Any) -> None:
        if update.message.text == "keep":
            context.user_data["a"] = 1

    async with process(storage, keep) as one, process(storage, keep) as other:
        await feed(one, updates.message("keep"))
        await feed(other, updates.message("look"))
        one.drop_user_data(7)
        await one.update_persistence()
        await feed(other, updates.message("look"))

        assert other.user_data[7] == {}


async def test_data_that_only_another_process_has_written_can_be_dropped(storage: BaseStorage) -> None:
    async def keep(update: Any, context: Any) -> None:
        context.user_data["a"] = context.chat_data["a"] = 1

    async with process(storage, keep) as one, process(storage, keep) as other:
        await feed(one, updates.message("keep"))
        other.drop_user_data(7)
        other.drop_chat_data(7)
        await other.update_persistence()

        assert await storage.namespace("ptb").list_namespaces() == []


class Slow(MemoryStorage):
    """Holds reads back while it is told to, after they have seen the value or before."""

    def __init__(self) -> None:
        super().__init__()
        self.holding = ""
        self.waiting = asyncio.Event()
        self.free = asyncio.Event()

    async def _get(self, namespace: str, identifier: str) -> Any:
        found = await super()._get(namespace, identifier)
        if identifier == self.holding:
            self.waiting.set()
            await self.free.wait()
        return found


async def change_during_a_read(storage: Slow, *, written: bool) -> Any:
    """Let a handler count in bot_data while another update of the same process reads it anew."""

    async def count(update: Any, context: Any) -> None:
        context.bot_data["orders"] += 1

    application = process(storage, count)
    async with application:
        application.bot_data["orders"] = 1
        await application.update_persistence()
        storage.holding = "bot_data"
        reading = asyncio.create_task(feed(application, updates.message("x", user=8)))
        await storage.waiting.wait()
        application.bot_data["orders"] += 1
        if written:
            await application.update_persistence()
        storage.free.set()
        await reading
    return application


async def test_what_another_process_has_changed_too_does_not_replace_a_change_that_is_not_written() -> None:
    storage = Slow()

    async def look(update: Any, context: Any) -> None:
        seen.append(dict(context.bot_data))

    seen: list[Any] = []
    application = process(storage, look)
    async with application:
        application.bot_data["orders"] = 1
        await application.update_persistence()
        await storage.namespace("ptb").namespace("42").set_state("bot_data", {"orders": 1, "theirs": 1})
        storage.holding = "bot_data"
        reading = asyncio.create_task(feed(application, updates.message("x", user=8)))
        await storage.waiting.wait()
        application.bot_data["orders"] += 1
        storage.free.set()
        await reading

    assert seen == [{"orders": 2}]


async def test_what_was_read_before_this_process_wrote_replaces_nothing() -> None:
    storage = Slow()

    async def look(update: Any, context: Any) -> None:
        seen.append(dict(context.bot_data))

    seen: list[Any] = []
    application = process(storage, look)
    async with application:
        application.bot_data["open"] = True
        await application.update_persistence()
        await storage.namespace("ptb").namespace("42").set_state("bot_data", {"open": False})
        storage.holding = "bot_data"
        reading = asyncio.create_task(feed(application, updates.message("x", user=8)))
        await storage.waiting.wait()
        for state in ("closing", True):
            application.bot_data["open"] = state
            await application.update_persistence()
        storage.free.set()
        await reading

    assert seen == [{"open": True}]


async def test_a_process_that_only_reads_writes_nothing(storage: BaseStorage) -> None:
    async def count(update: Any, context: Any) -> None:
        context.bot_data["n"] = context.bot_data.get("n", 0) + 1

    async def look(update: Any, context: Any) -> None:
        context.bot_data.get("n")

    faults = FaultyEngine(storage)
    reader = new_application(faults.storage, persistence=SharedBotkeepPersistence(faults.storage))
    reader.add_handler(MessageHandler(filters.ALL, look))
    async with process(storage, count) as writer, reader:
        for _ in range(3):
            await feed(writer, updates.message("x"))
            await feed(reader, updates.message("look"))

        assert reader.bot_data == {"n": 3}
        assert set(faults.calls) <= READS


@pytest.mark.parametrize("written", [False, True])
async def test_what_another_handler_changes_while_data_is_read_is_not_lost(written: bool) -> None:
    storage = Slow()
    application = await change_during_a_read(storage, written=written)

    assert application.bot_data == {"orders": 3}
    async with storage:
        assert await storage.namespace("ptb").namespace("42").get_state("bot_data") == {"orders": 3}


async def test_fifty_handlers_at_once_in_one_process_lose_no_count(storage: BaseStorage) -> None:
    async def count(update: Any, context: Any) -> None:
        context.bot_data["orders"] = context.bot_data.get("orders", 0) + 1

    application = process(storage, count)
    async with application:
        await feed(application, *(updates.message("x", user=number) for number in range(1, 51)))
        await feed(application, *(updates.message("x", user=number) for number in range(1, 51)))

        assert application.bot_data == {"orders": 100}
    async with storage:
        assert await storage.namespace("ptb").namespace("42").get_state("bot_data") == {"orders": 100}


async def test_what_nobody_else_has_changed_stays_the_same_object(storage: BaseStorage) -> None:
    items: list[Any] = []

    async def append(update: Any, context: Any) -> None:
        items.append(context.user_data.setdefault("items", []))
        items[-1].append(update.message.text)

    async with process(storage, append) as application:
        await feed(application, updates.message("1"))
        await feed(application, updates.message("2"))

    assert items[0] is items[1]
    assert items[0] == ["1", "2"]


async def test_an_update_whose_data_cannot_be_read_reaches_no_handler_and_the_next_does(
    storage: BaseStorage,
) -> None:
    served: list[str] = []
    failed: list[Any] = []

    async def serve(update: Any, context: Any) -> None:
        served.append(update.message.text)

    async def note(update: Any, context: Any) -> None:
        failed.append((update and update.message.text, type(context.error)))

    faults = FaultyEngine(storage)
    application = new_application(faults.storage, persistence=SharedBotkeepPersistence(faults.storage))
    for group in range(3):
        application.add_handler(MessageHandler(filters.ALL, serve), group)
    application.add_error_handler(note)
    async with running(application):
        faults.fail()
        await fetch(application, updates.message("lost"))
        faults.heal()
        await fetch(application, updates.message("next"))

    assert failed == [("lost", StorageUnavailableError)]
    assert served == ["next"] * 3


async def test_data_of_a_type_of_ones_own_is_read_anew_in_place(storage: BaseStorage) -> None:
    async def count(update: Any, context: Any) -> None:
        context.bot_data.n += 1
        context.bot_data["n"] = context.bot_data.n

    types: Any = ContextTypes(bot_data=DictWithAttributes)
    made = []
    for _ in range(2):
        persistence = SharedBotkeepPersistence(storage)
        application = setup_botkeep(builder().context_types(types), storage, persistence=persistence).build()
        application.add_handler(MessageHandler(filters.ALL, count))
        made.append(application)
    async with made[0] as one, made[1] as other:
        for application in (one, other, one, other):
            await feed(application, updates.message("x"))

        assert (one.bot_data.n, one.bot_data["n"]) == (3, 3)
        assert (other.bot_data.n, other.bot_data["n"]) == (4, 4)
