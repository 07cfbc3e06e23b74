"""The client with a storage: its life, dialogues, order, users and middlewares, on the real dispatcher."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

import pyrogram
import pytest
from pyrogram import StopPropagation, filters
from pyrogram.handlers import MessageHandler
from tests.adapters.pyrogram.offline import OfflineClient
from tests.adapters.pyrogram.payloads import button, deleted_messages
from tests.adapters.pyrogram.payloads import message as text_message

from botkeep import (
    BaseStorage,
    MemoryStorage,
    SQLiteStorage,
    State,
    StatesGroup,
    StorageClosedError,
    acting_user,
    user,
)
from botkeep_pyrogram import AnyStateFilter, NoStateFilter, StateFilter


class Order(StatesGroup):
    size = State()
    toppings = State()


@pytest.fixture
async def app(tmp_path: Any) -> AsyncIterator[OfflineClient]:
    client = OfflineClient(storage=SQLiteStorage(tmp_path / "fsm.db", durability="normal"))
    yield client
    if client.is_connected:
        await client.stop()


async def test_the_storage_opens_before_and_closes_after_the_handlers(app: OfflineClient) -> None:
    ended = []

    @app.on_message()
    async def slow(client: Any, message: Any) -> None:
        await asyncio.sleep(0.05)
        await client.fsm(message).set_state(Order.size)
        ended.append(message.text)

    await app.begin()
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

    await app.begin()
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

    await app.begin()
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

    await app.begin()
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

    await app.begin()
    await app.say("hi")
    await app.handle_updates(button(b"x", user=8))
    await app.settled()

    assert seen == ["<user: '7'>", "<user: '7'>", "<user: '8'>"]


async def test_a_scheduler_acts_as_the_user_of_each_job_or_as_nobody_whoever_started_it(
    app: OfflineClient,
) -> None:
    jobs: asyncio.Queue[int | None] = asyncio.Queue()
    seen: list[str] = []

    async def scheduler() -> None:
        while True:
            with acting_user(await jobs.get()):
                seen.append(repr(user))
            jobs.task_done()

    @app.on_message()
    async def remind(client: Any, message: Any) -> None:
        if not running:
            running.append(asyncio.create_task(scheduler()))
        await jobs.put(message.from_user.id)

    running: list[asyncio.Task[None]] = []
    await app.begin()
    await app.say("later", user=7)
    await app.say("later", user=8)
    await jobs.put(None)
    await jobs.join()
    running[0].cancel()

    assert seen == ["<user: '7'>", "<user: '8'>", "<user: this handler has no user>"]


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
    await app.begin()
    await app.say("hi")

    assert log == ["+a", "+b", "handler", "-b", "-a"]


async def test_a_failing_storage_is_never_taken_for_no_state(app: OfflineClient) -> None:
    log = []

    @app.on_message(NoStateFilter())
    async def no_state(client: Any, message: Any) -> None:
        log.append("no state")

    await app.begin()
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

    await app.begin()
    await app.say("hi")

    assert log == ["first"]


async def test_an_update_of_no_dialogue_is_in_no_state(app: OfflineClient) -> None:
    log = []

    async def deleted(client: Any, messages: Any) -> None:
        log.append(len(messages))

    app.on_deleted_messages(NoStateFilter())(deleted)
    app.on_deleted_messages(StateFilter(Order.size) | AnyStateFilter())(deleted)
    await app.begin()
    await app.deliver(deleted_messages())

    assert log == [2]


async def test_clients_that_share_a_handler_keep_their_own_middlewares() -> None:
    log = []

    async def hello(client: Any, update: Any) -> None:
        log.append("hello")

    def named(name: str) -> Any:
        async def around(call_next: Any, client: Any, update: Any) -> Any:
            log.append(name)
            return await call_next(client, update)

        return around

    shared = MessageHandler(hello)  # as clients do that load the same plugins
    for name in ("one", "two"):
        app = OfflineClient(storage=MemoryStorage())
        app.middleware(named(name))
        app.add_handler(shared)
        await app.begin()
        await app.say("hi")
        await app.stop()

    assert log == ["one", "hello", "two", "hello"]


async def test_a_client_that_is_started_again_has_its_storage_and_keeps_order(app: OfflineClient) -> None:
    log = []

    async def remember(client: Any, update: Any) -> None:
        log.append(await client.fsm(update).update_data(last=update.text))

    app.on_message()(remember)
    await app.begin()
    await app.say("a")
    await app.stop()
    # Without the adapter it is the same: pyrogram forgets its handlers as it stops.
    app.forget_handlers()
    app.on_message()(remember)
    await app.begin()
    await app.say("b")

    assert log == [{"last": "a"}, {"last": "b"}]


@pytest.mark.skipif(
    "clear_handlers" not in inspect.signature(pyrogram.Client.stop).parameters,
    reason="pyrogram 2.0.106 always forgets its handlers",
)
async def test_kurigram_can_be_told_to_keep_its_handlers(app: OfflineClient) -> None:
    log = []

    @app.on_message()
    async def hello(client: Any, update: Any) -> None:
        log.append(update.text)

    await app.begin()
    await app.stop(clear_handlers=False)
    await app.begin()
    await app.say("hi")

    assert log == ["hi"]


async def test_a_client_whose_hook_fails_is_stopped(app: OfflineClient) -> None:
    @app.on_startup
    async def fail(client: Any) -> None:
        raise ValueError("no such setting")

    with pytest.raises(ValueError, match="no such setting"):
        await app.start()

    assert not app.is_connected
    with pytest.raises(StorageClosedError):
        await app.botkeep.get_state("x")


async def test_a_running_client_that_is_started_once_more_goes_on(app: OfflineClient) -> None:
    log = []

    @app.on_message()
    async def remember(client: Any, update: Any) -> None:
        log.append(await client.fsm(update).update_data(last=update.text))

    await app.begin()
    with pytest.raises(ConnectionError, match="already connected"):
        await app.start()
    await app.say("hi")

    assert log == [{"last": "hi"}]
