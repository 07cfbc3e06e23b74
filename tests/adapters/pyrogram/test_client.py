"""The client with a storage: its life, dialogues, order, users and middlewares, on the real dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pyrogram import StopPropagation, filters
from tests.adapters.pyrogram.offline import OfflineClient, button
from tests.adapters.pyrogram.offline import message as text_message

from botkeep import BaseStorage, MemoryStorage, SQLiteStorage, State, StatesGroup, StorageClosedError, user
from botkeep_pyrogram import AnyStateFilter, NoStateFilter, RateLimitMiddleware, StateFilter, rate_limit


class Order(StatesGroup):
    size = State()
    toppings = State()


@pytest.fixture
async def app(tmp_path: Any) -> AsyncIterator[OfflineClient]:
    client = OfflineClient(storage=SQLiteStorage(tmp_path / "fsm.db", durability="normal"))
    yield client
    if client.is_connected:
        await client.stop()


async def started(client: OfflineClient) -> OfflineClient:
    await client.start()
    await asyncio.sleep(0.05)  # add_handler only schedules a task; no public event says when it has run
    return client


async def test_the_storage_opens_before_and_closes_after_the_handlers(app: OfflineClient) -> None:
    ended = []

    @app.on_message()
    async def slow(client: Any, message: Any) -> None:
        await asyncio.sleep(0.05)
        await client.fsm(message).set_state(Order.size)
        ended.append(message.text)

    await started(app)
    await app.handle_updates(text_message("a"))
    await app.stop()

    assert ended == ["a"]
    with pytest.raises(StorageClosedError):
        await app.botkeep.get_state("x")


async def test_the_session_is_no_botkeep_storage_and_the_other_way_round(app: OfflineClient) -> None:
    with pytest.raises(TypeError, match="must be a Botkeep storage"):
        OfflineClient(storage="fsm.db")

    assert not isinstance(app.storage, BaseStorage)


async def test_filters_on_states_compose(app: OfflineClient) -> None:
    log = []

    @app.on_message(filters.command("start") & NoStateFilter())
    async def start(client: Any, message: Any) -> None:
        await client.fsm(message).set_state(Order.size)
        log.append("start")

    @app.on_message(StateFilter(Order.size) & ~filters.regex("^no$"))
    async def size(client: Any, message: Any) -> None:
        await client.fsm(message).update_data(size=message.text)
        await client.fsm(message).set_state(Order.toppings)
        log.append("size")

    @app.on_message(StateFilter(Order) | AnyStateFilter())
    async def other(client: Any, message: Any) -> None:
        log.append("other")

    await started(app)
    for text in ("/start", "no", "large", "ham"):
        await app.say(text)

    assert log == ["start", "other", "size", "other"]


async def test_fifty_updates_at_once_of_one_user_are_handled_in_order(app: OfflineClient) -> None:
    @app.on_message(NoStateFilter())
    async def first(client: Any, message: Any) -> None:
        await client.fsm(message).set_state(Order.size)
        await client.fsm(message).set_data({"seen": [message.text]})

    @app.on_message(StateFilter(Order.size))
    async def others(client: Any, message: Any) -> None:
        data = await client.fsm(message).get_data()
        await asyncio.sleep(0)
        await client.fsm(message).set_data({"seen": [*data["seen"], message.text]})

    await started(app)
    texts = [str(number) for number in range(50)]
    await app.say(*texts)

    data = await app.botkeep.namespace("fsm").get_state((await app.botkeep.namespace("fsm").list_keys())[0])
    assert data["data"]["seen"] == texts


async def test_users_do_not_wait_for_each_other(app: OfflineClient) -> None:
    arrived = []
    both = asyncio.Event()

    @app.on_message()
    async def meet(client: Any, message: Any) -> None:
        arrived.append(message.from_user.id)
        if len(arrived) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)

    await started(app)
    await asyncio.gather(app.say("a", user=7), app.say("b", user=8))

    assert sorted(arrived) == [7, 8]


async def test_handlers_know_their_user_in_threads_too(app: OfflineClient) -> None:
    seen = []

    @app.on_message(group=0)
    async def in_loop(client: Any, message: Any) -> None:
        seen.append(repr(user))

    @app.on_message(group=1)
    def in_thread(client: Any, message: Any) -> None:
        seen.append(repr(user))

    @app.on_callback_query()
    async def pressed(client: Any, query: Any) -> None:
        seen.append(repr(user))

    await started(app)
    await app.say("hi")
    await app.handle_updates(button(b"x", user=8))
    await app.settled()

    assert seen == ["<user: '7'>", "<user: '7'>", "<user: '8'>"]


async def test_middlewares_stand_around_every_handler_the_first_outermost(app: OfflineClient) -> None:
    log = []

    def named(name: str) -> Any:
        async def around(call_next: Any, client: Any, update: Any) -> Any:
            log.append(f"+{name}")
            try:
                return await call_next(client, update)
            finally:
                log.append(f"-{name}")

        return around

    @app.on_message()
    async def handler(client: Any, message: Any) -> None:
        log.append("handler")

    app.middleware(named("a"))
    app.middleware(named("b"))
    await started(app)
    await app.say("hi")

    assert log == ["+a", "+b", "handler", "-b", "-a"]


async def test_an_update_counts_once_and_one_too_many_reaches_nobody(app: OfflineClient) -> None:
    log, limited = [], []

    async def slow_down(client: Any, update: Any, verdict: Any) -> None:
        limited.append(verdict.retry_after > 0)

    app.middleware(RateLimitMiddleware(2, 60, on_limited=slow_down))

    @app.on_message(group=0)
    async def one(client: Any, message: Any) -> None:
        log.append(message.rate_limit.remaining)

    @app.on_message(group=1)
    async def two(client: Any, message: Any) -> None:
        log.append(message.rate_limit.remaining)

    await started(app)
    for _ in range(4):
        await app.say("hi")

    assert log == [1, 1, 0, 0]
    assert limited == [True, True]


async def test_a_decorated_handler_has_a_limit_of_its_own(app: OfflineClient) -> None:
    log = []

    @app.on_message(filters.regex("^limited$"))
    @rate_limit(1, 60)
    async def limited(client: Any, message: Any) -> None:
        log.append("limited")

    @app.on_message()
    async def free(client: Any, message: Any) -> None:
        log.append("free")

    await started(app)
    for text in ("limited", "limited", "free", "free"):
        await app.say(text)

    assert log == ["limited", "free", "free"]


async def test_a_failing_storage_is_never_taken_for_no_state(app: OfflineClient) -> None:
    log = []

    @app.on_message(NoStateFilter())
    async def no_state(client: Any, message: Any) -> None:
        log.append("no state")

    await started(app)
    await app.botkeep.stop()
    await app.say("hi")
    await app.botkeep.start()
    await app.say("hi again")

    assert log == ["no state"]


async def test_hooks_run_around_the_clients_life() -> None:
    app = OfflineClient(storage=MemoryStorage())
    log = []

    @app.on_startup
    async def up(client: Any) -> None:
        log.append(f"up {client.me.id}")

    @app.on_shutdown
    async def down(client: Any) -> None:
        log.append(f"down {await client.botkeep.exists('x')}")

    await app.start()
    await app.stop()

    assert log == ["up 42", "down False"]


async def test_stop_propagation_passes_through_middlewares(app: OfflineClient) -> None:
    log = []

    @app.on_message(group=0)
    async def first(client: Any, message: Any) -> None:
        log.append("first")
        raise StopPropagation

    @app.on_message(group=1)
    async def second(client: Any, message: Any) -> None:
        log.append("second")

    await started(app)
    await app.say("hi")

    assert log == ["first"]
