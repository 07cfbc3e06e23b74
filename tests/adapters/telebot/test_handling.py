"""Around each update of an asynchronous bot: order, user, errors, moves, and the storage's life."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from telebot import asyncio_helper
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_filters import StateFilter
from telebot.asyncio_handler_backends import BaseMiddleware
from telebot.states.asyncio import StateContext, StateMiddleware
from tests.adapters.botapi import speakers, updates
from tests.adapters.botapi.server import BotAPI
from tests.adapters.telebot.bots import Errors, feed
from typing_extensions import override

from botkeep import (
    BaseStorage,
    FSMContext,
    MemoryStorage,
    NoUserError,
    SQLiteStorage,
    StateKey,
    StorageClosedError,
    StorageUnavailableError,
    acting_user,
    user,
)
from botkeep.ambient.configuration import choice
from botkeep.testing import FakeClock
from botkeep_telebot import RateLimitMiddleware, setup_botkeep


async def test_two_taps_are_handled_one_after_the_other(storage: BaseStorage) -> None:
    bot, charged = AsyncTeleBot("42:TEST"), []
    setup_botkeep(bot, storage)
    bot.add_custom_filter(StateFilter(bot))

    @bot.callback_query_handler(func=lambda _: True, state="pay")
    async def pay(query: Any) -> None:
        charged.append(query.data)
        await asyncio.sleep(0)
        await bot.delete_state(7, 7)

    await bot.set_state(7, "pay", 7)
    await feed(bot, updates.button("first"), updates.button("second"))

    assert charged == ["first"]


async def test_updates_of_one_user_come_in_order_and_others_do_not_wait(storage: BaseStorage) -> None:
    bot, log, go_on = AsyncTeleBot("42:TEST"), [], asyncio.Event()
    setup_botkeep(bot, storage)

    @bot.message_handler()
    async def handle(message: Any) -> None:
        if message.text == "0":
            await go_on.wait()
        log.append((message.from_user.id, message.text))
        if message.from_user.id == 8:
            go_on.set()

    await feed(bot, *(updates.message(str(number)) for number in range(5)), updates.message("x", user=8))

    assert log == [(8, "x"), *((7, str(number)) for number in range(5))]


async def test_two_processes_keep_a_users_order(storage: BaseStorage) -> None:
    inside, most, bots = [0], [0], [AsyncTeleBot("42:TEST") for _ in range(2)]
    for bot in bots:
        setup_botkeep(bot, storage, across_processes=True)

        @bot.message_handler()
        async def enter(message: Any) -> None:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            await asyncio.sleep(0.001)
            inside[0] -= 1

    await asyncio.gather(*(feed(bot, updates.message("x")) for bot in bots * 3))

    assert most == [1]


@pytest.mark.parametrize("across_processes", [False, True])
async def test_the_photos_of_an_album_do_not_wait_for_each_other(
    storage: BaseStorage, across_processes: bool
) -> None:
    bot, albums = AsyncTeleBot("42:TEST"), []
    setup_botkeep(bot, storage, across_processes=across_processes)
    collected: dict[str, list[Any]] = {}
    complete = asyncio.Event()

    @bot.message_handler(content_types=["photo"])
    async def collect(message: Any) -> None:
        photos = collected.setdefault(message.media_group_id, [])
        photos.append(message)
        if len(photos) == 4:
            complete.set()
        if photos[0] is message:
            await asyncio.wait_for(complete.wait(), 10)
            albums.append(len(photos))

    await feed(bot, *(speakers.photo("album") for _ in range(4)))

    assert albums == [4]


async def test_order_can_be_left_out(storage: BaseStorage) -> None:
    bot, answers = AsyncTeleBot("42:TEST"), asyncio.Queue[str]()
    setup_botkeep(bot, storage, ordered=False)
    asked = []

    @bot.message_handler(commands=["ask"])
    async def ask(message: Any) -> None:
        asked.append(await asyncio.wait_for(answers.get(), 10))

    @bot.message_handler()
    async def answer(message: Any) -> None:
        answers.put_nowait(message.text)

    await feed(bot, updates.message("/ask"), updates.message("Ann"))

    assert asked == ["Ann"]


async def test_one_command_can_be_left_out_of_the_order(storage: BaseStorage) -> None:
    bot, log, cancelled = AsyncTeleBot("42:TEST"), [], asyncio.Event()
    setup_botkeep(bot, storage, ordered=lambda event: getattr(event, "text", None) != "/cancel")

    @bot.message_handler(commands=["cancel"])
    async def cancel(message: Any) -> None:
        cancelled.set()

    @bot.message_handler()
    async def work(message: Any) -> None:
        await asyncio.wait_for(cancelled.wait(), 10)
        log.append(message.text)

    await feed(bot, updates.message("a"), updates.message("b"), updates.message("/cancel"))

    assert log == ["a", "b"]


async def test_a_dialogue_that_nobody_goes_on_with_is_forgotten() -> None:
    clock, bot = FakeClock(), AsyncTeleBot("42:TEST")
    async with MemoryStorage(clock=clock) as storage:
        setup_botkeep(bot, storage, idle_ttl=60)
        await bot.set_state(7, "a", 7)
        clock.advance(59)
        kept = await bot.get_state(7, 7)
        clock.advance(2)
        forgotten: Any = await bot.get_state(7, 7)

    assert (kept, forgotten) == ("a", None)


async def test_the_user_reaches_tasks_and_threads_that_a_handler_begins(tmp_path: Path) -> None:
    bot, seen = AsyncTeleBot("42:TEST"), []
    setup_botkeep(bot, MemoryStorage())

    @bot.message_handler()
    async def handle(message: Any) -> None:
        task = asyncio.create_task(asyncio.sleep(0, repr(user)))
        seen.append({await task, await asyncio.to_thread(repr, user), repr(user)})

    await feed(bot, updates.message("x", user=7), updates.message("x", user=8))

    assert sorted(map(sorted, seen)) == [["<user: '7'>"], ["<user: '8'>"]]


async def test_a_scheduler_acts_as_nobody_until_a_job_says_for_whom(storage: BaseStorage) -> None:
    bot, jobs, done = AsyncTeleBot("42:TEST"), asyncio.Queue[Any](), []
    setup_botkeep(bot, storage)

    async def scheduler() -> None:
        while (job := await jobs.get()) is not None:
            done.append(await job())

    # Begun by a handler, but in nobody's name: it is for all users.
    @bot.message_handler(commands=["begin"])
    async def begin(message: Any) -> None:
        with acting_user(None):
            tasks.append(asyncio.create_task(scheduler()))

    async def without() -> str:
        return repr(user)

    @bot.message_handler()
    async def plan(message: Any) -> None:
        who = message.from_user.id

        async def with_user() -> str:
            with acting_user(who):
                return repr(user)

        jobs.put_nowait(without)
        jobs.put_nowait(with_user)

    tasks: list[asyncio.Task[None]] = []
    await feed(bot, updates.message("/begin", user=7))
    await feed(bot, updates.message("x", user=7), updates.message("x", user=8))
    jobs.put_nowait(None)
    await asyncio.wait_for(tasks[0], 10)

    nobody = "<user: this handler has no user>"
    assert done == [nobody, "<user: '7'>", nobody, "<user: '8'>"]


class Unreachable(BaseMiddleware):
    """A middleware of somebody's own that fails."""

    def __init__(self, error: BaseException) -> None:
        self.update_types = ["message"]
        self.error: BaseException | None = error

    @override
    async def pre_process(self, message: Any, data: Any) -> None:
        if message.text == "fail" and self.error is not None:
            raise self.error

    @override
    async def post_process(self, message: Any, data: Any, exception: Any) -> None:
        """Nothing to do."""


@pytest.mark.parametrize("across_processes", [False, True])
async def test_a_storage_that_fails_fails_one_update_and_tells_the_exception_handler(
    tmp_path: Path, across_processes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: Any = Errors()
    handled = []
    storage = SQLiteStorage(tmp_path / "bot.db")
    bot = AsyncTeleBot("42:TEST", exception_handler=errors)
    states = setup_botkeep(bot, storage, across_processes=across_processes)
    bot.add_custom_filter(StateFilter(bot))
    bot.setup_middleware(RateLimitMiddleware(storage, "9/hour", on_unavailable="raise"))

    @bot.message_handler(state="name")
    async def name(message: Any) -> None:
        handled.append(message.text)

    await bot.set_state(7, "name", 7)

    async def fails(*arguments: Any) -> Any:
        raise StorageUnavailableError("storage", "it failed on command")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "_get", fails)
        await feed(bot, updates.message("lost"), updates.button("x", user=8))
    await feed(bot, updates.message("Ann"))
    await states.close()

    assert "StorageUnavailableError" in errors.kinds()
    assert handled == ["Ann"]


@pytest.mark.parametrize(
    ("error", "told"),
    [(ZeroDivisionError(), "ZeroDivisionError"), (asyncio.CancelledError(), "HandlerCancelledError")],
)
async def test_what_one_update_does_wrong_is_its_own(
    storage: BaseStorage, error: BaseException, told: str
) -> None:
    errors: Any = Errors()
    handled = []
    bot = AsyncTeleBot("42:TEST", exception_handler=errors)
    setup_botkeep(bot, storage)
    bot.setup_middleware(Unreachable(error))

    @bot.message_handler()
    async def handle(message: Any) -> None:
        handled.append(message.text)

    @bot.callback_query_handler(func=lambda _: True)
    async def press(query: Any) -> None:
        handled.append(query.data)

    await feed(bot, updates.message("fail"), updates.message("next"), updates.button("button", user=8))

    assert sorted(handled) == ["button", "next"]
    assert errors.kinds() == [told]


async def test_a_value_that_cannot_be_stored_is_told_and_nothing_else_is_lost(storage: BaseStorage) -> None:
    errors: Any = Errors()
    bot = AsyncTeleBot("42:TEST", exception_handler=errors)
    states = setup_botkeep(bot, storage)

    @bot.message_handler()
    async def handle(message: Any) -> None:
        who = message.from_user.id
        await bot.set_state(who, "a", who)
        await bot.add_data(who, who, value=object() if who == 7 else 1)

    await feed(bot, updates.message("x", user=7), updates.message("x", user=8))

    assert errors.kinds() == ["DocumentError"]
    assert await states.get_data(8, 8, bot_id=42) == {"value": 1}


async def test_an_exception_handler_that_fails_ends_nothing(storage: BaseStorage) -> None:
    class Broken(Errors):
        @override
        def handle(self, exception: BaseException) -> bool:
            raise KeyError("broken")

    broken: Any = Broken()
    handled = []
    bot = AsyncTeleBot("42:TEST", exception_handler=broken)
    setup_botkeep(bot, storage)
    bot.setup_middleware(Unreachable(ZeroDivisionError()))

    @bot.message_handler()
    async def handle(message: Any) -> None:
        handled.append(message.text)

    await feed(bot, updates.message("fail"), updates.message("next"))

    assert handled == ["next"]


@pytest.mark.parametrize("sent", ["to", "from", "both"])
async def test_the_dialogues_of_a_group_move_to_its_supergroup(storage: BaseStorage, sent: str) -> None:
    bot, found = AsyncTeleBot("42:TEST"), []
    setup_botkeep(bot, storage)
    bot.setup_middleware(StateMiddleware(bot))
    await bot.set_state(7, "name", -7)
    await bot.add_data(7, -7, pizza="Margherita")

    @bot.message_handler()
    async def look(message: Any, state: StateContext) -> None:
        async with state.data() as data:
            found.append((await state.get(), dict(data)))

    news = {"to": speakers.moved_to(-7, -1001), "from": speakers.moved_from(-7, -1001)}
    await feed(bot, *(news.values() if sent == "both" else [news[sent]]))
    await feed(bot, updates.message("x", user=7, chat=-1001))

    assert found == [("name", {"pizza": "Margherita"})]
    assert await bot.get_state(7, -7) is None


async def test_a_handler_that_feeds_its_own_bot_waits_for_nobody_else(storage: BaseStorage) -> None:
    bot, log = AsyncTeleBot("42:TEST"), []
    setup_botkeep(bot, storage)

    @bot.message_handler()
    async def handle(message: Any) -> None:
        log.append(message.text)
        if message.text == "first":
            await feed(bot, updates.message("nested", user=8))

    await asyncio.wait_for(feed(bot, updates.message("first")), 10)

    assert log == ["first", "nested"]


@pytest.mark.parametrize("across_processes", [False, True])
async def test_a_handler_that_would_wait_for_itself_is_refused(
    storage: BaseStorage, across_processes: bool
) -> None:
    errors: Any = Errors()
    bot = AsyncTeleBot("42:TEST", exception_handler=errors)
    setup_botkeep(bot, storage, across_processes=across_processes)

    @bot.message_handler()
    async def handle(message: Any) -> None:
        if message.text == "outer":
            await asyncio.wait_for(feed(bot, updates.message("inner")), 10)

    await asyncio.wait_for(feed(bot, updates.message("outer")), 20)

    assert errors.kinds() == ["DeadlockError"]


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


async def test_a_bot_that_is_stopped_lets_its_handlers_end_before_the_storage(storage: BaseStorage) -> None:
    errors: Any = Errors()
    bot, begun, go_on = AsyncTeleBot("42:TEST", exception_handler=errors), asyncio.Event(), asyncio.Event()
    setup_botkeep(bot, storage)

    @bot.message_handler()
    async def slow(message: Any) -> None:
        begun.set()
        await go_on.wait()
        await bot.set_state(7, "late", 7)

    await asyncio_helper.session_manager.get_session()
    handling = asyncio.create_task(feed(bot, updates.message("x")))
    await begun.wait()
    closing = asyncio.create_task(bot.close_session())
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(handling, closing)
    await storage.start()

    assert await FSMContext(storage, StateKey(42, 7, 7)).get_state() == "late"
    assert errors.kinds() == []


async def test_polling_opens_the_storage_first_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"no database" * 100)
    bot = AsyncTeleBot("42:TEST")
    setup_botkeep(bot, SQLiteStorage(tmp_path / "bot.db"))

    with pytest.raises(Exception, match=r"bot\.db"):
        await bot.polling()


async def test_real_polling_handles_updates_and_ends_cleanly(
    api: BotAPI, storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio_helper, "API_URL", api.url + "/bot{0}/{1}")
    bot, seen, done = AsyncTeleBot("42:TEST"), [], asyncio.Event()
    monkeypatch.setattr(choice, "configured", storage)
    setup_botkeep(bot, storage)

    @bot.message_handler()
    async def look(message: Any) -> None:
        await user.save("text", message.text)
        seen.append(await user.load("text"))
        done.set()

    polling = asyncio.create_task(bot.polling(interval=0, timeout=1))
    await api.push(updates.message("hello"))
    await asyncio.wait_for(done.wait(), 10)
    polling.cancel()
    await asyncio.wait([polling])

    assert seen == ["hello"]
    with pytest.raises(StorageClosedError):
        await storage.get_state("x")
    with pytest.raises(NoUserError):
        await user.load("text")
