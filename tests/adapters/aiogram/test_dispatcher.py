"""Updates through aiogram's real dispatcher: order, users, limits, and a storage that dies and returns."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import ErrorEvent, Message
from tests.adapters.aiogram.bots import feed, new_bot
from tests.adapters.botapi import updates
from tests.adapters.botapi.server import BotAPI

from botkeep import (
    BaseStorage,
    MemoryStorage,
    Rate,
    SQLiteStorage,
    StorageClosedError,
    StorageUnavailableError,
    Verdict,
    acting_user,
    user,
)
from botkeep.testing import FakeClock
from botkeep_aiogram import (
    BotkeepEventIsolation,
    HandlerCancelledError,
    RateLimitMiddleware,
    handling,
    setup_botkeep,
)


class Form(StatesGroup):
    name = State()


async def test_fifty_updates_at_once_of_one_user_lose_nothing(storage: BaseStorage) -> None:
    bot, dispatcher = new_bot(), Dispatcher()
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    async def count(message: Message, state: FSMContext) -> None:
        number = (await state.get_data()).get("n", 0)
        await asyncio.sleep(0)
        await state.set_data({"n": number + 1})

    await feed(dispatcher, bot, *(updates.message("x") for _ in range(50)))

    assert await dispatcher.fsm.get_context(bot, 7, 7).get_data() == {"n": 50}


async def test_two_dispatchers_on_one_storage_keep_a_users_order(storage: BaseStorage) -> None:
    bot, inside, most = new_bot(), [0], [0]
    dispatchers = [Dispatcher(), Dispatcher()]
    for dispatcher in dispatchers:
        setup_botkeep(dispatcher, storage, across_processes=True)

        @dispatcher.message()
        async def enter(message: Message) -> None:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            await asyncio.sleep(0.001)
            inside[0] -= 1

    await asyncio.gather(*(feed(dispatcher, bot, updates.message("x")) for dispatcher in dispatchers * 3))

    assert most == [1]


async def test_users_and_bots_are_never_mixed(storage: BaseStorage) -> None:
    bots, dispatcher = [new_bot(42), new_bot(43)], Dispatcher()
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    async def keep(message: Message, state: FSMContext, bot: Bot) -> None:
        assert message.from_user is not None
        await state.update_data({f"{bot.id}-{message.from_user.id}": message.text})

    for bot in bots:
        await feed(dispatcher, bot, *(updates.message("x", user=number) for number in (7, 8)))

    found = [await dispatcher.fsm.get_context(bot, who, who).get_data() for bot in bots for who in (7, 8)]
    assert found == [{"42-7": "x"}, {"42-8": "x"}, {"43-7": "x"}, {"43-8": "x"}]


async def test_handlers_know_their_user(storage: BaseStorage) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    @dispatcher.callback_query()
    async def look(event: Any) -> None:
        seen.append(repr(user))

    await feed(dispatcher, bot, updates.message("x", user=7))
    await feed(dispatcher, bot, updates.button("x", user=8))

    assert seen == ["<user: '7'>", "<user: '8'>"]


async def test_a_limit_holds_across_processes_and_the_verdict_is_told(storage: BaseStorage) -> None:
    bot, reached, limited = new_bot(), [], []

    async def slow_down(message: Message, verdict: Verdict) -> None:
        limited.append(round(verdict.retry_after) > 0)

    def process() -> Dispatcher:
        dispatcher = Dispatcher()
        dispatcher.message.outer_middleware(RateLimitMiddleware(storage, "3/hour", on_limited=slow_down))

        @dispatcher.message()
        async def handler(message: Message, rate_limit: Verdict) -> None:
            reached.append(rate_limit.remaining)

        return dispatcher

    one, other = process(), process()
    for dispatcher in (one, other, one, other, one):
        await feed(dispatcher, bot, updates.message("x"))

    assert reached == [2, 1, 0]
    assert limited == [True, True]


async def test_a_handler_has_a_rate_of_its_own_by_its_flag(storage: BaseStorage) -> None:
    bot, dispatcher, reached = new_bot(), Dispatcher(), []
    dispatcher.message.middleware(RateLimitMiddleware(storage))

    @dispatcher.message(F.text == "limited", flags={"rate": "1/hour"})
    async def one(message: Message) -> None:
        reached.append("limited")

    @dispatcher.message()
    async def free(message: Message) -> None:
        reached.append("free")

    for text in ("limited", "limited", "free", "free"):
        await feed(dispatcher, bot, updates.message(text))

    assert reached == ["limited", "free", "free"]


async def take(message: Message, reached: list[str]) -> None:
    reached.append("taken")


@pytest.mark.parametrize("handler", [functools.partial(take), functools.partial(functools.partial(take))])
async def test_a_handler_that_has_no_name_of_its_own_can_have_a_rate(
    storage: BaseStorage, handler: Any
) -> None:
    reached: list[str] = []
    bot, dispatcher = new_bot(), Dispatcher(reached=reached)
    dispatcher.message.middleware(RateLimitMiddleware(storage))
    dispatcher.message.register(handler, flags={"rate": "1/hour"})

    for text in ("one", "two"):
        await feed(dispatcher, bot, updates.message(text))

    assert reached == ["taken"]


async def test_a_handler_can_have_several_rates(storage: BaseStorage) -> None:
    reached: list[str] = []
    bot, dispatcher = new_bot(), Dispatcher(reached=reached)
    dispatcher.message.middleware(RateLimitMiddleware(storage))
    dispatcher.message.register(take, flags={"rate": ["2/hour", Rate(3, 60.0)]})

    for text in ("one", "two", "three"):
        await feed(dispatcher, bot, updates.message(text))

    assert reached == ["taken", "taken"]


async def test_what_does_not_block_tells_the_handler(storage: BaseStorage) -> None:
    bot, dispatcher, verdicts = new_bot(), Dispatcher(), []
    dispatcher.message.middleware(RateLimitMiddleware(storage, "1/hour", scope="chat", block=False))

    @dispatcher.message()
    async def handler(message: Message, rate_limit: Verdict) -> None:
        verdicts.append(bool(rate_limit))

    await feed(dispatcher, bot, updates.message("x", user=7, chat=-1))
    await feed(dispatcher, bot, updates.message("x", user=8, chat=-1))

    assert verdicts == [True, False]


async def test_a_storage_that_dies_runs_no_handler_and_the_dialogue_returns_with_it(
    storage: BaseStorage,
) -> None:
    bot, dispatcher, log = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message(F.text == "/start")
    async def start(message: Message, state: FSMContext) -> None:
        await state.set_state(Form.name)

    @dispatcher.message(Form.name)
    async def name(message: Message) -> None:
        log.append(message.text)

    @dispatcher.message()
    async def anything(message: Message) -> None:
        log.append("no state")

    await feed(dispatcher, bot, updates.message("/start"))
    await storage.stop()
    with pytest.raises(StorageClosedError):
        await feed(dispatcher, bot, updates.message("lost"))
    await storage.start()
    await feed(dispatcher, bot, updates.message("Ann"))

    assert log == ["Ann"]


async def test_the_dispatcher_opens_and_stops_the_storage(tmp_path: Path) -> None:
    bot, dispatcher, storage = new_bot(), Dispatcher(), SQLiteStorage(tmp_path / "own.db")
    setup_botkeep(dispatcher, storage)

    await dispatcher.emit_startup(bot=bot)
    opened = (tmp_path / "own.db").exists()
    await dispatcher.emit_shutdown(bot=bot)

    assert opened
    with pytest.raises(StorageClosedError):
        await storage.get_state("x")


async def test_a_dispatcher_that_shuts_down_lets_its_handlers_end_before_the_storage(
    storage: BaseStorage,
) -> None:
    bot, dispatcher, begun, go_on = new_bot(), Dispatcher(), asyncio.Event(), asyncio.Event()
    setup_botkeep(dispatcher, storage, across_processes=True)

    @dispatcher.message()
    async def slow(message: Message, state: FSMContext) -> None:
        begun.set()
        await go_on.wait()
        await state.set_state(Form.name)

    feeding = asyncio.create_task(feed(dispatcher, bot, updates.message("x")))
    await begun.wait()
    stopping = asyncio.create_task(dispatcher.emit_shutdown(bot=bot))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(feeding, stopping)
    with pytest.raises(StorageClosedError):
        await storage.get_state("x")
    await storage.start()

    assert await dispatcher.fsm.get_context(bot, 7, 7).get_state() == "Form:name"


async def test_a_handler_that_stops_the_bot_is_not_waited_for(
    api: BotAPI, storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Bot("42:TEST", session=AiohttpSession(api=TelegramAPIServer.from_base(api.url)))
    dispatcher, errors = Dispatcher(), []
    setup_botkeep(dispatcher, storage)
    monkeypatch.setattr(handling, "DRAIN_SECONDS", 1000)

    @dispatcher.error()
    async def note(event: ErrorEvent) -> None:
        errors.append(event.exception)

    @dispatcher.message()
    async def stop(message: Message) -> None:
        await dispatcher.stop_polling()

    await api.say("/stop")
    await asyncio.wait_for(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=1), 30)

    assert errors == []
    with pytest.raises(StorageClosedError):
        await storage.get_state("x")


async def test_isolation_frees_what_it_held(storage: BaseStorage) -> None:
    bot, isolation = new_bot(), BotkeepEventIsolation()
    dispatcher = Dispatcher(events_isolation=isolation)

    @dispatcher.message()
    async def handler(message: Message) -> None:
        """Nothing to do."""

    for number in range(100):
        await feed(dispatcher, bot, updates.message("x", user=number + 1))

    assert len(isolation._ordering._ordering._mutexes) == 0


async def test_a_dispatcher_forgets_a_dialogue_that_nobody_goes_on_with() -> None:
    clock, bot, dispatcher, seen = FakeClock(), new_bot(), Dispatcher(), []
    async with MemoryStorage(clock=clock) as memory:
        setup_botkeep(dispatcher, memory, idle_ttl=60)

        @dispatcher.message()
        async def look(message: Message, state: FSMContext) -> None:
            seen.append(await state.get_state())
            await state.set_state(Form.name)

        for seconds in (50, 50, 61):
            await feed(dispatcher, bot, updates.message("x"))
            clock.advance(seconds)
        await feed(dispatcher, bot, updates.message("x"))

    assert seen == [None, "Form:name", "Form:name", None]


async def test_a_storage_that_fails_fails_one_update_and_tells_the_error_handler(
    storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, dispatcher, errors, handled = new_bot(), Dispatcher(), [], []
    setup_botkeep(dispatcher, storage, across_processes=True)
    dispatcher.message.outer_middleware(RateLimitMiddleware(storage, "9/hour", on_unavailable="raise"))

    @dispatcher.error()
    async def note(event: ErrorEvent) -> None:
        errors.append(type(event.exception))

    @dispatcher.message()
    async def handle(message: Message, state: FSMContext) -> None:
        await state.update_data(text=message.text)
        handled.append(message.text)

    async def fails(*arguments: Any) -> Any:
        raise StorageUnavailableError("storage", "it failed on command")

    for hook in ("_get", "_apply"):
        with monkeypatch.context() as patch:
            patch.setattr(storage, hook, fails)
            await feed(dispatcher, bot, updates.message("lost"), updates.message("lost", user=8))
    await feed(dispatcher, bot, updates.message("kept"))

    assert errors == [StorageUnavailableError] * 4
    assert handled == ["kept"]


@pytest.mark.parametrize(
    ("error", "told"),
    [(ZeroDivisionError(), ZeroDivisionError), (asyncio.CancelledError(), HandlerCancelledError)],
)
@pytest.mark.parametrize("as_tasks", [True, False])
async def test_an_update_that_ends_badly_is_told_and_polling_goes_on(
    api: BotAPI, storage: BaseStorage, error: BaseException, told: type[Exception], as_tasks: bool
) -> None:
    server = TelegramAPIServer.from_base(api.url)
    bot = Bot("42:TEST", session=AiohttpSession(api=server))
    dispatcher, errors, handled = Dispatcher(), list[type[Exception]](), asyncio.Event()
    setup_botkeep(dispatcher, storage, across_processes=True)

    @dispatcher.error()
    async def note(event: ErrorEvent) -> None:
        errors.append(type(event.exception))

    @dispatcher.message()
    async def handle(message: Message) -> None:
        if message.text == "fail":
            raise error
        handled.set()

    await api.say("fail", "next")
    polling = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, handle_as_tasks=as_tasks, polling_timeout=1)
    )
    await asyncio.wait_for(handled.wait(), 20)
    await dispatcher.stop_polling()
    await asyncio.wait_for(polling, 20)

    assert errors == [told]
    with pytest.raises(StorageClosedError):
        await storage.get_state("x")


async def test_a_dispatcher_that_is_stopped_is_no_error_of_a_handler(storage: BaseStorage) -> None:
    bot, dispatcher, errors, begun = new_bot(), Dispatcher(), [], asyncio.Event()
    setup_botkeep(dispatcher, storage)

    @dispatcher.error()
    async def note(event: ErrorEvent) -> None:
        errors.append(event.exception)

    @dispatcher.message()
    async def handle(message: Message) -> None:
        begun.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(feed(dispatcher, bot, updates.message("x")))
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert errors == []


async def test_a_value_that_cannot_be_stored_is_told_and_nothing_else_is_lost(storage: BaseStorage) -> None:
    bot, dispatcher, errors = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.error()
    async def note(event: ErrorEvent) -> None:
        errors.append(str(event.exception))

    @dispatcher.message()
    async def handle(message: Message, state: FSMContext) -> None:
        await state.update_data(text=message.text)
        await state.update_data(bad=object())

    await feed(dispatcher, bot, updates.message("x"), updates.message("y", user=8))

    assert [error.partition(":")[0] for error in errors] == ["data.bad", "data.bad"]
    assert await dispatcher.fsm.get_context(bot, 8, 8).get_data() == {"text": "y"}


async def test_a_scheduler_acts_as_nobody_until_a_job_says_for_whom(storage: BaseStorage) -> None:
    bot, dispatcher, jobs, done = new_bot(), Dispatcher(), asyncio.Queue[Any](), []
    setup_botkeep(dispatcher, storage)
    tasks: list[asyncio.Task[None]] = []

    async def scheduler() -> None:
        while (who := await jobs.get()) is not None:
            done.append(repr(user))
            with acting_user(who):
                done.append(repr(user))

    # Begun by a handler, but in nobody's name: it is for all users.
    @dispatcher.message(F.text == "begin")
    async def begin(message: Message) -> None:
        with acting_user(None):
            tasks.append(asyncio.create_task(scheduler()))

    @dispatcher.message()
    async def plan(message: Message) -> None:
        assert message.from_user is not None
        jobs.put_nowait(message.from_user.id)

    await feed(dispatcher, bot, updates.message("begin"))
    await feed(dispatcher, bot, updates.message("x", user=7))
    await feed(dispatcher, bot, updates.message("x", user=8))
    jobs.put_nowait(None)
    await asyncio.wait_for(tasks[0], 10)

    nobody = "<user: this handler has no user>"
    assert done == [nobody, "<user: '7'>", nobody, "<user: '8'>"]
