"""One update's failure is its own: it is told to pyrogram, and the next update is handled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pyrogram
import pytest
from pyrogram import filters
from tests.adapters.pyrogram.offline import OfflineClient
from tests.adapters.pyrogram.payloads import message

from botkeep import MemoryStorage, OutcomeUnknownError, StorageUnavailableError, user
from botkeep_pyrogram import HandlerCancelledError, NoStateFilter

kurigram = pytest.mark.skipif(not hasattr(pyrogram.Client, "on_error"), reason="pyrogram 2.0.106 only logs")


@pytest.fixture(params=[True, False], ids=["ordered", "unordered"])
async def app(request: pytest.FixtureRequest) -> AsyncIterator[OfflineClient]:
    client = OfflineClient(storage=MemoryStorage(), ordered=request.param)
    yield client
    if client.is_connected:
        await client.stop()


async def raise_cancelled(*_: Any) -> None:
    raise asyncio.CancelledError


async def await_cancelled_future(*_: Any) -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def cancel_own_task(*_: Any) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(5)


async def store_a_function(client: Any, update: Any) -> None:
    await client.fsm(update).update_data(function=print)


async def stop_the_storage(client: Any, update: Any) -> None:
    await client.botkeep.stop()
    try:
        await client.fsm(update).get_state()
    finally:
        await client.botkeep.start()


async def find_it_unavailable(*_: Any) -> None:
    raise StorageUnavailableError("RedisStorage", "no route to host")


async def not_know_the_outcome(*_: Any) -> None:
    raise OutcomeUnknownError("RedisStorage", "no answer")


FAILURES = [
    raise_cancelled,
    await_cancelled_future,
    cancel_own_task,
    store_a_function,
    stop_the_storage,
    find_it_unavailable,
    not_know_the_outcome,
]

Failure = Callable[[Any, Any], Awaitable[None]]


@pytest.mark.parametrize("fail", FAILURES)
async def test_the_next_updates_of_the_same_user_are_handled(
    app: OfflineClient, fail: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    log = []

    @app.on_message(filters.regex("bad"))
    async def failing(client: Any, update: Any) -> None:
        await fail(client, update)

    @app.on_message()
    async def working(client: Any, update: Any) -> None:
        await client.fsm(update).update_data(last=update.text)
        log.append(update.text)

    await app.begin()
    # More than there are workers: each failure would take one along.
    for number in range(2 * app.workers):
        await app.say("bad", f"good {number}")

    assert log == [f"good {number}" for number in range(2 * app.workers)]
    logged = [record for record in caplog.records if record.name == "pyrogram.dispatcher"]
    assert len([record for record in logged if record.levelno >= logging.ERROR]) == 2 * app.workers


@kurigram
async def test_a_cancelled_handler_reaches_pyrograms_error_handler(app: OfflineClient) -> None:
    seen = []

    @app.on_message()
    async def failing(client: Any, update: Any) -> None:
        await raise_cancelled()

    @app.on_error()
    async def told(client: Any, error: Exception, *_: Any) -> None:
        seen.append((error, repr(user)))

    await app.begin()
    await app.say("hi")

    assert [(type(error), whose) for error, whose in seen] == [(HandlerCancelledError, "<user: '7'>")]
    assert "failing was cancelled" in str(seen[0][0])


async def test_the_task_of_a_handler_may_be_cancelled_by_another_handler(app: OfflineClient) -> None:
    running: list[asyncio.Task[Any]] = []
    log = []

    @app.on_message(filters.command("work"))
    async def work(client: Any, update: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.append(task)
        client.release_order()
        await asyncio.sleep(60)

    @app.on_message(filters.command("cancel"))
    async def cancel(client: Any, update: Any) -> None:
        for task in running:
            task.cancel()
        log.append("cancelled")

    await app.begin()
    for _ in range(2 * app.workers):
        await app.say("/work", "/cancel")

    assert log == ["cancelled"] * 2 * app.workers


@pytest.mark.parametrize("fail", [raise_cancelled, await_cancelled_future, cancel_own_task])
async def test_a_cancelled_filter_costs_its_own_update_only(
    app: OfflineClient, fail: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    log = []

    async def check(_: Any, client: Any, update: Any) -> bool:
        if update.text == "bad":
            await fail(client, update)
        return True

    @app.on_message(filters.create(check) & NoStateFilter())
    async def working(client: Any, update: Any) -> None:
        log.append(update.text)

    await app.begin()
    for number in range(2 * app.workers):
        await app.say("bad", f"good {number}")

    assert log == [f"good {number}" for number in range(2 * app.workers)]
    assert len([record for record in caplog.records if record.name == "botkeep.pyrogram"]) == 2 * app.workers


async def test_workers_that_are_cancelled_themselves_end(app: OfflineClient) -> None:
    begun, ended = asyncio.Event(), []

    @app.on_message()
    async def endless(client: Any, update: Any) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(update.text)

    await app.begin()
    await app.handle_updates(message("hi"))
    await begun.wait()
    workers = list(app.dispatcher.handler_worker_tasks)
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers, timeout=5)
    app.dispatcher.handler_worker_tasks.clear()

    assert all(worker.cancelled() for worker in workers)
    assert ended == ["hi"]
