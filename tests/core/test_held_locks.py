"""A task that would wait for itself is told so, whatever it does the waiting by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from botkeep import DeadlockError, MemoryStorage
from botkeep.fsm import Ordering

Way = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


async def by_itself(child: Callable[[], Awaitable[Any]]) -> None:
    await child()


async def by_a_task(child: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.ensure_future(child())


async def by_wait_for(child: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.wait_for(child(), 60)


async def by_gather(child: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.gather(child(), asyncio.sleep(0))


async def by_wait(child: Callable[[], Awaitable[Any]]) -> None:
    task = asyncio.ensure_future(child())
    await asyncio.wait([task])
    await task


async def by_shield(child: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.shield(asyncio.ensure_future(child()))


async def by_gather_in_wait_for(child: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.wait_for(asyncio.gather(by_wait_for(child)), 60)


async def late(child: Callable[[], Awaitable[Any]]) -> None:
    """Wait for the task only after it waits for the lock."""
    task = asyncio.ensure_future(child())
    await asyncio.sleep(0.01)
    await task


WAYS: list[Way] = [
    by_itself,
    by_a_task,
    by_wait_for,
    by_gather,
    by_wait,
    by_shield,
    by_gather_in_wait_for,
    late,
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["lock", "ordering", "ordering across processes", "update"])
async def test_whoever_waits_for_what_it_holds_itself_is_refused(way: Way, kind: str) -> None:
    async with MemoryStorage() as storage:
        ordering, leased = Ordering(), Ordering(storage)
        enter: dict[str, Callable[[], Any]] = {
            "lock": lambda: storage.lock("order"),
            "ordering": lambda: ordering.of("order"),
            "ordering across processes": lambda: leased.of("order"),
            "update": lambda: storage.local_lock("order", "of the test"),
        }

        async def child() -> None:
            async with enter[kind]():
                pass

        async def parent() -> None:
            async with enter[kind]():
                await way(child)

        with pytest.raises(DeadlockError):
            await asyncio.wait_for(parent(), 10)

        await asyncio.wait_for(child(), 10)


async def test_a_task_that_goes_on_by_itself_gets_the_lock_when_its_starter_is_done() -> None:
    ordering, log = Ordering(), []

    async def child() -> None:
        async with ordering.of("order"):
            log.append("child")

    async with ordering.of("order"):
        task = asyncio.ensure_future(child())
        await asyncio.sleep(0.3)
        log.append("parent")
    await asyncio.wait_for(task, 10)

    assert log == ["parent", "child"]


async def test_a_cancelled_waiter_that_its_holder_started_leaves_the_lock_free() -> None:
    ordering = Ordering()

    async def child() -> None:
        async with ordering.of("order"):
            pass

    async with ordering.of("order"):
        task = asyncio.ensure_future(child())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    await asyncio.wait_for(child(), 10)
    assert len(ordering._mutexes) == 0
