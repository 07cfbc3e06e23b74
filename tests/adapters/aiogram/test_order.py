"""Order through aiogram's real dispatcher: albums, what is left out of it, and who would wait for himself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram import BaseMiddleware, Dispatcher, F
from aiogram.filters import Command
from aiogram.types import ErrorEvent, Message, TelegramObject
from tests.adapters.aiogram.bots import feed, new_bot
from tests.adapters.botapi import speakers, updates
from typing_extensions import override

from botkeep import BaseStorage, DeadlockError
from botkeep_aiogram import BotkeepEventIsolation, setup_botkeep


class AlbumMiddleware(BaseMiddleware):
    """What bots use: the first photo waits a moment for the others, which only add themselves."""

    def __init__(self) -> None:
        self._albums: dict[str, list[Any]] = {}

    @override
    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        assert isinstance(event, Message)
        if event.media_group_id is None:
            return await handler(event, data)
        if event.media_group_id in self._albums:
            self._albums[event.media_group_id].append(event)
            return None
        self._albums[event.media_group_id] = [event]
        await asyncio.sleep(0.05)
        return await handler(event, {**data, "album": self._albums.pop(event.media_group_id)})


@pytest.mark.parametrize("across_processes", [False, True])
async def test_the_usual_album_middleware_gets_the_whole_album(
    storage: BaseStorage, across_processes: bool
) -> None:
    bot, dispatcher, albums = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage, across_processes=across_processes)
    dispatcher.message.middleware(AlbumMiddleware())

    @dispatcher.message(F.photo)
    async def look(message: Message, album: list[Message]) -> None:
        albums.append(len(album))

    await feed(dispatcher, bot, *(speakers.photo("one") for _ in range(4)))
    await feed(dispatcher, bot, *(speakers.photo(name) for name in ("two", "two", "three")))

    assert albums == [4, 2, 1]


async def test_what_follows_an_album_waits_for_all_of_it(storage: BaseStorage) -> None:
    bot, dispatcher, log = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    async def look(message: Message) -> None:
        await asyncio.sleep(0.005 if message.photo else 0)
        log.append(message.text)

    await feed(dispatcher, bot, speakers.photo("one"), speakers.photo("one"), updates.message("after"))

    assert log == [None, None, "after"]


@pytest.mark.parametrize("ordered", [False, lambda event: event.text != "/cancel"])
async def test_a_command_need_not_wait_behind_a_running_handler(storage: BaseStorage, ordered: Any) -> None:
    bot, dispatcher, log, cancelled = new_bot(), Dispatcher(), [], asyncio.Event()
    setup_botkeep(dispatcher, storage, ordered=ordered)

    @dispatcher.message(Command("cancel"))
    async def cancel(message: Message) -> None:
        cancelled.set()

    @dispatcher.message()
    async def work(message: Message) -> None:
        await asyncio.wait_for(cancelled.wait(), 10)
        log.append(message.text)

    await feed(dispatcher, bot, updates.message("work"), updates.message("/cancel"))

    assert log == ["work"]


async def test_what_is_left_out_of_the_order_can_still_lock_by_itself(storage: BaseStorage) -> None:
    bot, dispatcher, inside, most = new_bot(), Dispatcher(), [0], [0]
    setup_botkeep(dispatcher, storage, ordered=False)

    @dispatcher.message()
    async def work(message: Message, state: Any) -> None:
        async with dispatcher.fsm.events_isolation.lock(state.key):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            await asyncio.sleep(0)
            inside[0] -= 1

    await feed(dispatcher, bot, *(updates.message("x") for _ in range(5)))

    assert most == [1]


@pytest.mark.parametrize("by_way_of", ["itself", "wait_for", "gather"])
@pytest.mark.parametrize("photos", [False, True])
@pytest.mark.parametrize("across_processes", [False, True])
async def test_a_handler_that_would_wait_for_itself_is_refused(
    storage: BaseStorage, across_processes: bool, photos: bool, by_way_of: str
) -> None:
    bot, dispatcher, errors = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage, across_processes=across_processes)

    @dispatcher.error()
    async def note(event: ErrorEvent) -> None:
        errors.append(type(event.exception))

    @dispatcher.message()
    async def outer(message: Message) -> None:
        if message.text == "inner":
            return
        inner = dispatcher.feed_raw_update(bot, updates.message("inner"))
        if by_way_of == "wait_for":
            await asyncio.wait_for(inner, 10)
        else:
            await (inner if by_way_of == "itself" else asyncio.gather(inner))

    outer_updates = [speakers.photo("a"), speakers.photo("a")] if photos else [updates.message("outer")]
    await asyncio.wait_for(feed(dispatcher, bot, *outer_updates), 20)

    assert errors[-1] is DeadlockError
    assert set(errors) == {DeadlockError}


async def test_an_isolation_by_itself_keeps_order_and_knows_no_albums() -> None:
    bot, isolation, log = new_bot(), BotkeepEventIsolation(), []
    dispatcher = Dispatcher(events_isolation=isolation)

    @dispatcher.message()
    async def look(message: Message) -> None:
        log.append("begin")
        await asyncio.sleep(0)
        log.append("end")

    await feed(dispatcher, bot, speakers.photo("one"), speakers.photo("one"))

    assert log == ["begin", "end"] * 2


async def test_other_middlewares_keep_their_places_around_the_dialogues(storage: BaseStorage) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []

    def middleware(name: str) -> Any:
        async def around(handler: Any, event: Any, data: Any) -> Any:
            seen.append((name, "raw_state" in data))
            return await handler(event, data)

        return around

    dispatcher.update.outer_middleware(middleware("before"))
    setup_botkeep(dispatcher, storage)
    dispatcher.update.outer_middleware(middleware("after"))

    @dispatcher.message()
    async def look(message: Message) -> None:
        """Nothing to do."""

    await feed(dispatcher, bot, updates.message("x"))

    assert seen == [("before", True), ("after", True)]


async def test_a_dispatcher_without_dialogues_has_its_user_all_the_same(storage: BaseStorage) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(disable_fsm=True), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    async def look(message: Message, event_context: Any) -> None:
        seen.append(event_context.user_id)

    await feed(dispatcher, bot, speakers.anonymous_admin(-1001))

    assert seen == [-1001]
