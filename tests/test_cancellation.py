from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from botkeep import cancellation
from botkeep.cancellation import HandlerCancelledError

RUNNERS = [
    cancellation.run_handler,
    pytest.param(cancellation._run_apart, id="as on Python 3.10"),
]
Runner = Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, Any]]


async def give(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def fail(error: BaseException) -> Any:
    await asyncio.sleep(0)
    raise error


@pytest.mark.parametrize("run", RUNNERS)
async def test_what_a_handler_returns_or_raises_is_passed_on(run: Runner) -> None:
    with pytest.raises(ZeroDivisionError):
        await run(fail(ZeroDivisionError()))

    assert await run(give(1)) == 1


@pytest.mark.parametrize("run", RUNNERS)
async def test_a_handlers_own_cancellation_is_an_error(run: Runner) -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()

    async def wait_for_it() -> None:
        await future

    for handling in (fail(asyncio.CancelledError()), wait_for_it()):
        with pytest.raises(HandlerCancelledError, match="was cancelled"):
            await run(handling)


@pytest.mark.parametrize("run", RUNNERS)
async def test_a_task_that_is_cancelled_is_cancelled_and_the_handler_with_it(run: Runner) -> None:
    ended = []

    async def handler() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    task = asyncio.create_task(run(handler()))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert ended == [True]
