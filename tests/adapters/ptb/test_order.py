"""Which updates wait for each other, and which do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram.ext import ConversationHandler, MessageHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.conditions import until
from tests.adapters.ptb.bots import builder, collect_errors, feed, fetch, new_application, running

from botkeep import BaseStorage, MemoryStorage, SQLiteStorage
from botkeep_ptb import BotkeepPersistence, setup_botkeep


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


def picture(album: str, caption: str = "", *, user: int = 7) -> dict[str, Any]:
    update = updates.message(caption, user=user)
    del update["message"]["text"]
    photo = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
    update["message"].update(media_group_id=album, photo=[photo], caption=caption)
    return update


class Albums:
    """The usual way to put an album together: the first picture waits a moment for the others."""

    def __init__(self, size: int) -> None:
        self.log: list[Any] = []
        self._size = size
        self._waiting: dict[str, list[str]] = {}
        self._whole = asyncio.Event()

    async def handle(self, update: Any, context: Any) -> None:  # noqa: ARG002 # as of every handler
        message = update.message
        if message.media_group_id is None:
            self.log.append(message.text)
            return
        pictures = self._waiting.setdefault(message.media_group_id, [])
        pictures.append(message.caption)
        if len(pictures) == self._size:
            self._whole.set()
        if len(pictures) == 1:
            await asyncio.wait_for(self._whole.wait(), 5)
            self.log.append(self._waiting.pop(message.media_group_id))


@pytest.mark.parametrize("across_processes", [False, True])
async def test_an_album_comes_together_and_other_updates_wait_for_it(
    storage: BaseStorage, across_processes: bool
) -> None:
    albums = Albums(4)
    application = new_application(storage, across_processes=across_processes)
    application.add_handler(MessageHandler(filters.ALL, albums.handle))
    errors = collect_errors(application)
    async with running(application):
        await fetch(
            application,
            updates.message("before"),
            *(picture("a", str(number)) for number in range(4)),
            updates.message("after"),
        )

    assert errors == []
    assert albums.log == ["before", ["0", "1", "2", "3"], "after"]


async def test_an_album_waits_for_an_earlier_update_of_its_user(storage: BaseStorage) -> None:
    log: list[str] = []
    free = asyncio.Event()

    async def handle(update: Any, context: Any) -> None:
        if update.message.text == "long":
            await free.wait()
        log.append(update.message.text or update.message.caption)

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, handle))
        feeding = asyncio.create_task(
            feed(application, updates.message("long"), picture("a", "1"), picture("a", "2"))
        )
        await feed(application, updates.message("other", user=8))
        free.set()
        await feeding

    assert log == ["other", "long", "1", "2"]


async def test_two_albums_of_one_user_come_one_after_the_other(storage: BaseStorage) -> None:
    log: list[str] = []

    async def handle(update: Any, context: Any) -> None:
        log.append(f"{update.message.media_group_id} begins")
        await asyncio.sleep(0)
        log.append(f"{update.message.media_group_id} ends")

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, handle))
        await feed(application, *(picture(album) for album in "aabb"))

    assert [line[0] for line in log] == ["a"] * 4 + ["b"] * 4


async def test_the_next_update_waits_for_the_slowest_picture(storage: BaseStorage) -> None:
    log: list[str] = []
    free, waiting = asyncio.Event(), asyncio.Event()

    async def handle(update: Any, context: Any) -> None:
        if update.message.caption == "slow":
            waiting.set()
            await free.wait()
        log.append(update.message.text or update.message.caption)

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, handle))
        feeding = asyncio.create_task(
            feed(application, picture("a", "fast"), picture("a", "slow"), updates.message("after"))
        )
        await waiting.wait()
        await feed(application, updates.message("other", user=8))
        free.set()
        await feeding

    assert log == ["fast", "other", "slow", "after"]


async def test_when_the_first_picture_is_cancelled_before_its_turn_the_others_go_on(
    storage: BaseStorage,
) -> None:
    log: list[str] = []
    free = asyncio.Event()

    async def handle(update: Any, context: Any) -> None:
        if update.message.text == "long":
            await free.wait()
        log.append(update.message.text or update.message.caption)

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, handle))
        long = asyncio.create_task(feed(application, updates.message("long")))
        first = asyncio.create_task(feed(application, picture("a", "1")))
        others = asyncio.create_task(feed(application, picture("a", "2"), picture("a", "3")))
        await feed(application, updates.message("other", user=8))
        first.cancel()
        await asyncio.wait([first])
        free.set()
        await asyncio.wait_for(asyncio.gather(long, others), 5)
        await asyncio.wait_for(feed(application, updates.message("after")), 5)

    assert log == ["other", "long", "2", "3", "after"]


async def ask_and_answer(application: Any, *, block: bool) -> list[str]:
    """Let a handler wait for its user's next message; return what it got."""
    answers: list[str] = []
    messages: asyncio.Queue[str] = asyncio.Queue()
    taken = asyncio.Event()

    async def ask(update: Any, context: Any) -> None:
        answers.append(await asyncio.wait_for(messages.get(), 1))

    async def take(update: Any, context: Any) -> None:
        messages.put_nowait(update.message.text)
        taken.set()

    application.add_handler(MessageHandler(filters.Regex("ask"), ask, block=block))
    application.add_handler(MessageHandler(filters.ALL, take))
    async with running(application):
        await fetch(application, updates.message("ask"), updates.message("blue"))
        await asyncio.wait_for(taken.wait(), 5)
    return answers


async def test_in_order_a_handler_that_waits_for_its_users_next_message_waits_for_itself(
    storage: BaseStorage,
) -> None:
    application = new_application(storage)
    errors = collect_errors(application)

    assert await ask_and_answer(application, block=True) == []
    assert [type(error) for error in errors] == [asyncio.TimeoutError]


@pytest.mark.parametrize(("ordered", "block"), [(False, True), (True, False)])
async def test_without_order_or_without_being_waited_for_it_gets_the_message(
    storage: BaseStorage, ordered: bool, block: bool
) -> None:
    assert await ask_and_answer(new_application(storage, ordered=ordered), block=block) == ["blue"]


async def test_without_order_updates_of_one_user_run_at_the_same_time(storage: BaseStorage) -> None:
    both = asyncio.Event()
    arrived: list[str] = []

    async def meet(update: Any, context: Any) -> None:
        arrived.append(update.message.text)
        if len(arrived) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)

    async with new_application(storage, ordered=False) as application:
        application.add_handler(MessageHandler(filters.ALL, meet))
        await feed(application, updates.message("1"), updates.message("2"))
        await feed(application, updates.message("x"))

    assert sorted(arrived) == ["1", "2", "x"]


async def test_a_function_says_which_updates_wait(storage: BaseStorage) -> None:
    log: list[str] = []
    stopped = asyncio.Event()

    async def handle(update: Any, context: Any) -> None:
        if update.message.text == "/stop":
            stopped.set()
        elif update.message.text == "long":
            await asyncio.wait_for(stopped.wait(), 5)
        log.append(update.message.text)

    application = new_application(storage, ordered=lambda update: update.message.text != "/stop")
    application.add_handler(MessageHandler(filters.ALL, handle))
    async with application:
        await feed(application, *map(updates.message, ("long", "after", "/stop")))

    assert log == ["/stop", "long", "after"]


async def test_a_function_that_fails_is_an_error_of_its_update(storage: BaseStorage) -> None:
    def fail(update: Any) -> bool:
        if update.message.text == "odd":
            raise ZeroDivisionError
        return True

    served: list[str] = []

    async def serve(update: Any, context: Any) -> None:
        served.append(update.message.text)

    application = setup_botkeep(builder(), storage, ordered=fail).build()
    application.add_handler(MessageHandler(filters.ALL, serve))
    errors = collect_errors(application)
    async with running(application):
        await fetch(application, updates.message("odd"), updates.message("next"))

    assert ([type(error) for error in errors], served) == ([ZeroDivisionError], ["next"])


async def test_an_application_that_has_not_started_says_so_as_in_python_telegram_bot() -> None:
    with pytest.raises(RuntimeError, match="not initialized"):
        await new_application(MemoryStorage()).process_update(object())


def test_an_order_across_processes_and_none_is_refused() -> None:
    with pytest.raises(ValueError, match="ordered=False"):
        setup_botkeep(builder(), MemoryStorage(), ordered=False, across_processes=True)


async def test_what_a_handler_that_is_not_waited_for_changed_is_written_when_it_ends(
    storage: BaseStorage,
) -> None:
    begin, ended = asyncio.Event(), asyncio.Event()

    async def slow(update: Any, context: Any) -> int:
        await begin.wait()
        context.user_data["n"] = 1
        ended.set()
        return 5

    starts: Any = [MessageHandler(filters.ALL, slow, block=False)]
    conversation: Any = ConversationHandler(starts, {5: []}, [], name="c", persistent=True)
    # Only the end of the handler may write.
    persistence = BotkeepPersistence(storage, update_interval=60)
    application = new_application(storage, persistence=persistence)
    application.add_handler(conversation)
    kept = storage.namespace("ptb").namespace("42")
    async with running(application):
        await fetch(application, updates.message("x"))
        assert await kept.namespace("users").get_state("7") is None
        begin.set()

        async def written() -> bool:
            states = kept.namespace("conversations").namespace("c")
            return bool(await states.get_state("[7, 7]") == 5)

        await until(written)
        assert await kept.namespace("users").get_state("7") == {"n": 1}
