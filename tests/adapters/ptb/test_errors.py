"""What goes wrong in one update reaches the error handlers, and is that update's alone."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from telegram.ext import ApplicationHandlerStop, Defaults, MessageHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import builder, collect_errors, feed, fetch, new_application, running

from botkeep import (
    BaseStorage,
    DocumentError,
    MemoryStorage,
    SQLiteStorage,
    StorageUnavailableError,
    user,
)
from botkeep.cancellation import HandlerCancelledError
from botkeep_ptb import BotkeepPersistence, PickledValues, rate_limit, setup_botkeep

if TYPE_CHECKING:
    from tests.servers.redis_server import RedisServer


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


def handler(change: Callable[[Any, Any], object]) -> MessageHandler[Any, Any]:
    async def callback(update: Any, context: Any) -> None:
        change(update, context)

    return MessageHandler(filters.ALL, callback)


def kept(storage: BaseStorage) -> BaseStorage:
    return storage.namespace("ptb").namespace("42")


class Broken(MemoryStorage):
    """Fails while it is told to."""

    failing = False

    async def _get(self, *arguments: Any) -> Any:
        self._fail()
        return await super()._get(*arguments)

    async def _apply(self, *arguments: Any) -> Any:
        self._fail()
        return await super()._apply(*arguments)

    def _fail(self) -> None:
        if self.failing:
            raise StorageUnavailableError(repr(self), "unplugged by the test")


def inside_itself() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


UNSTORABLE: dict[str, Callable[[], Any]] = {
    "a connection": lambda: sqlite3.connect(":memory:"),
    "a lock": threading.Lock,
    "a generator": lambda: (number for number in range(3)),
    "a class": lambda: Path,
    "itself": inside_itself,
}


@pytest.mark.parametrize("concurrent", [False, True])
@pytest.mark.parametrize("where", ["bot_data", "chat_data", "user_data"])
@pytest.mark.parametrize("make", UNSTORABLE.values(), ids=UNSTORABLE)
async def test_a_value_that_cannot_be_stored_is_an_error_and_all_else_is_stored(
    storage: BaseStorage, make: Callable[[], Any], where: str, concurrent: bool
) -> None:
    # A finalizer that ran at the depth to which python-telegram-bot follows "itself" would fail.
    gc.collect()
    value = make()

    def keep(update: Any, context: Any) -> None:
        getattr(context, where)["odd"] = value
        getattr(context, where)["n"] = context.user_data["seen"] = update.message.text

    application = setup_botkeep(builder().concurrent_updates(concurrent), storage).build()
    application.add_handler(handler(keep))
    errors = collect_errors(application)
    async with running(application):
        await fetch(application, updates.message("first", user=7))
        await fetch(application, updates.message("second", user=8))
    if isinstance(value, sqlite3.Connection):
        value.close()
    async with new_application(storage) as again:
        data = {"bot_data": again.bot_data, "chat_data": again.chat_data[8], "user_data": again.user_data[8]}

        assert {type(error) for error in errors} == {DocumentError}
        assert "odd" in str(errors[0])
        assert again.user_data[7]["seen"] == "first"
        assert again.user_data[8]["seen"] == data[where]["n"] == "second"
        assert "odd" not in data[where]


async def test_a_task_in_chat_data_silences_nobody(storage: BaseStorage) -> None:
    async def wait() -> None:
        await asyncio.sleep(60)

    async def keep(update: Any, context: Any) -> None:
        if update.message.text == "begin":
            context.chat_data["timer"] = asyncio.create_task(wait())
        context.chat_data["n"] = update.message.text

    application = setup_botkeep(builder(), storage).build()
    application.add_handler(MessageHandler(filters.ALL, keep))
    errors = collect_errors(application)
    async with running(application):
        await fetch(application, updates.message("begin"), updates.message("go on"))
        application.chat_data[7].pop("timer").cancel()

    assert [type(error) for error in errors] == [DocumentError, DocumentError]
    async with storage:
        assert await kept(storage).namespace("chats").get_state("7") == {"n": "go on"}


async def test_of_an_item_that_cannot_be_stored_any_more_what_was_stored_stays(storage: BaseStorage) -> None:
    def keep(update: Any, context: Any) -> None:
        context.user_data["cart"].append(threading.Lock() if update.message.text == "odd" else 1)
        context.user_data["n"] = update.message.text

    application = new_application(storage)
    application.add_handler(handler(keep))
    collect_errors(application)
    async with application:
        application.user_data[7]["cart"] = []
        await feed(application, updates.message("first"))
        await feed(application, updates.message("odd"))
    async with storage:
        assert await kept(storage).namespace("users").get_state("7") == {"cart": [1], "n": "odd"}


async def test_with_pickle_too_the_other_items_are_stored(storage: BaseStorage) -> None:
    persistence = BotkeepPersistence(storage, values=PickledValues())
    application = new_application(storage, persistence=persistence)
    application.add_handler(handler(lambda _, context: context.user_data.update(odd=threading.Lock(), n=1)))
    errors = collect_errors(application)
    async with application:
        await feed(application, updates.message("x"))
    persistence = BotkeepPersistence(storage, values=PickledValues())
    async with new_application(storage, persistence=persistence) as again:
        assert again.user_data[7] == {"n": 1}
    assert [type(error) for error in errors] == [DocumentError]


@pytest.mark.parametrize("concurrent", [False, True])
async def test_a_handler_that_ends_in_a_cancellation_is_an_error_like_any_other(
    storage: BaseStorage, concurrent: bool
) -> None:
    served = []

    async def cancelled(update: Any, context: Any) -> None:
        context.user_data["n"] = context.chat_data["n"] = update.message.text
        if update.message.text == "cancel":
            task = asyncio.create_task(asyncio.sleep(60))
            task.cancel()
            await task
        served.append(update.message.text)

    application = setup_botkeep(builder().concurrent_updates(concurrent), storage).build()
    application.add_handler(MessageHandler(filters.ALL, cancelled))
    errors = collect_errors(application)
    async with running(application):
        await fetch(application, updates.message("cancel", user=8))
        assert await kept(storage).namespace("users").get_state("8") == {"n": "cancel"}
        assert await kept(storage).namespace("chats").get_state("8") == {"n": "cancel"}
        await fetch(application, updates.message("cancel"), updates.message("go on"))

    assert served == ["go on"]
    assert [type(error) for error in errors] == [HandlerCancelledError] * 2


async def test_cancelling_an_update_cancels_its_handler_and_frees_its_user(storage: BaseStorage) -> None:
    begun, ended, served = asyncio.Event(), [], []

    async def wait(update: Any, context: Any) -> None:
        if update.message.text == "wait":
            begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(update.message.text)
        served.append(update.message.text)

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, wait))
        waiting = asyncio.create_task(feed(application, updates.message("wait")))
        await begun.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await feed(application, updates.message("next"))

    assert (ended, served) == (["wait"], ["next"])


async def test_a_server_that_stands_still_is_an_error_and_the_next_update_is_handled(
    empty_redis: RedisServer,
) -> None:
    from botkeep import RedisStorage

    storage = RedisStorage.from_url(empty_redis.url, timeout=0.3)
    served = []
    application = setup_botkeep(builder(), storage, across_processes=True).build()
    application.add_handler(handler(lambda update, _: served.append(update.message.text)))
    errors = collect_errors(application)
    async with running(application):
        empty_redis.pause()
        try:
            await fetch(application, updates.message("lost"))
        finally:
            empty_redis.resume()
        await fetch(application, updates.message("next"))

    assert isinstance(errors[0], StorageUnavailableError)
    assert served == ["next"]


async def test_what_an_update_changed_while_the_storage_was_down_is_written_by_the_next() -> None:
    storage = Broken()
    application = setup_botkeep(builder(), storage).build()
    application.add_handler(handler(lambda update, context: context.user_data.update(n=update.message.text)))
    errors = collect_errors(application)
    async with running(application):
        storage.failing = True
        await fetch(application, updates.message("kept", user=7))
        storage.failing = False
        await fetch(application, updates.message("other", user=8))
        users = kept(storage).namespace("users")

        assert StorageUnavailableError in map(type, errors)
        assert await users.get_state("7") == {"n": "kept"}
        assert await users.get_state("8") == {"n": "other"}


async def test_a_value_that_cannot_be_stored_and_a_storage_that_is_down_lose_nothing_together() -> None:
    storage = Broken()

    def keep(update: Any, context: Any) -> None:
        context.user_data["n"] = update.message.text
        if update.message.text == "odd":
            context.user_data["odd"] = threading.Lock()

    application = setup_botkeep(builder(), storage).build()
    application.add_handler(handler(keep))
    errors = collect_errors(application)
    async with running(application):
        storage.failing = True
        await fetch(application, updates.message("odd", user=7))
        storage.failing = False
        await fetch(application, updates.message("other", user=8))

        assert [type(error) for error in errors] == [StorageUnavailableError, DocumentError]
        assert await kept(storage).namespace("users").get_state("7") == {"n": "odd"}


async def test_in_the_error_handler_of_a_write_nobody_acts(storage: BaseStorage) -> None:
    acting = []

    async def look(update: object, context: Any) -> None:
        acting.append(repr(user))

    application = new_application(storage)
    application.add_handler(handler(lambda _, context: context.bot_data.update(odd=object())))
    application.add_error_handler(look)
    async with application:
        await feed(application, updates.message("x"))

    assert acting == ["<user: this handler has no user>"] * len(acting) != []


async def test_a_start_that_fails_closes_the_storage(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bot.db")) as database:
        database.execute("CREATE TABLE documents (something TEXT)")
        database.commit()
    application = new_application(SQLiteStorage(tmp_path / "bot.db"))

    with pytest.raises(Exception, match=r"bot\.db"):
        await application.initialize()  # a storage left open would be a ResourceWarning
    await application.bot.shutdown()


@pytest.mark.parametrize("block", [True, False])
async def test_a_limit_whose_callback_fails_still_blocks(storage: BaseStorage, block: bool) -> None:
    served = []

    async def fail(update: Any, verdict: Any) -> None:
        raise RuntimeError("on purpose")

    application = setup_botkeep(builder(defaults=Defaults(block=block)), storage).build()
    application.add_handler(rate_limit(storage, "1/hour", on_limited=fail), group=-1)
    application.add_handler(handler(lambda update, _: served.append(update.message.text)))
    errors = collect_errors(application)
    async with running(application):
        await fetch(application, updates.message("first"))
        await fetch(application, updates.message("second"))

    assert served == ["first"]
    assert [str(error) for error in errors] == ["on purpose"]


async def test_a_limit_that_cannot_count_and_says_raise_lets_nothing_through() -> None:
    storage = Broken()
    served = []
    application = new_application(MemoryStorage())
    application.add_handler(rate_limit(storage, "1/hour", on_unavailable="raise"), group=-1)
    application.add_handler(handler(lambda update, _: served.append(update.message.text)))
    errors = collect_errors(application)
    async with application, storage:
        storage.failing = True
        await feed(application, updates.message("x"))
        storage.failing = False

    assert served == []
    assert [type(error) for error in errors] == [StorageUnavailableError]


async def test_a_handler_in_front_still_stops_those_behind_it(storage: BaseStorage) -> None:
    served = []

    async def stop(update: Any, context: Any) -> None:
        raise ApplicationHandlerStop

    application = new_application(storage)
    application.add_handler(MessageHandler(filters.ALL, stop), group=-1)
    application.add_handler(handler(lambda update, _: served.append(update.message.text)))
    async with application:
        await feed(application, updates.message("x"))

    assert served == []
