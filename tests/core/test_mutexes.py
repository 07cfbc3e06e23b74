"""Mutual exclusion by key, inside one process."""

from __future__ import annotations

import asyncio

import pytest

from botkeep import EventLoopError
from botkeep._core.mutexes import KeyedMutexes

ORDER = ("test", "order")


async def test_visitors_of_one_key_come_one_by_one_in_the_order_of_their_calls() -> None:
    mutexes, order = KeyedMutexes(), []

    async def visit(name: str) -> None:
        async with mutexes.of(ORDER):
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    await asyncio.gather(*(visit(name) for name in "abc"))

    assert order == ["a in", "a out", "b in", "b out", "c in", "c out"]


async def test_different_keys_do_not_wait_for_each_other() -> None:
    mutexes = KeyedMutexes()

    async with mutexes.of(("a", "1")), mutexes.of(("a", "2")):
        assert len(mutexes) == 2


async def test_a_mutex_is_freed_when_nobody_waits() -> None:
    mutexes = KeyedMutexes()
    for number in range(100):
        async with mutexes.of(("test", str(number))):
            assert len(mutexes) == 1

    assert len(mutexes) == 0


async def test_a_visitor_that_fails_lets_the_next_one_in() -> None:
    mutexes = KeyedMutexes()

    async def fail() -> None:
        async with mutexes.of(ORDER):
            raise LookupError

    results = await asyncio.gather(fail(), fail(), return_exceptions=True)

    assert [type(result) for result in results] == [LookupError, LookupError]
    assert len(mutexes) == 0


async def test_a_waiter_that_is_cancelled_leaves_its_turn_to_the_next() -> None:
    mutexes, entered = KeyedMutexes(), []

    async def visit(name: str) -> None:
        async with mutexes.of(ORDER):
            entered.append(name)

    async with mutexes.of(ORDER):
        first, second = (asyncio.ensure_future(visit(name)) for name in ("first", "second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
    await second

    assert entered == ["second"]
    assert len(mutexes) == 0


async def test_a_released_mutex_goes_to_the_one_who_waits_rather_than_to_a_newcomer() -> None:
    mutexes, entered = KeyedMutexes(), []

    async def visit(name: str) -> None:
        async with mutexes.of(ORDER):
            entered.append(name)

    await mutexes.acquire(ORDER)
    waiter = asyncio.ensure_future(visit("waiter"))
    await asyncio.sleep(0)
    mutexes.release(ORDER)
    await visit("newcomer")

    assert waiter.done()
    assert entered == ["waiter", "newcomer"]


async def test_a_waiter_that_is_cancelled_as_the_mutex_is_given_to_it_gives_it_to_the_next() -> None:
    mutexes = KeyedMutexes()
    await mutexes.acquire(ORDER)
    first, second = (asyncio.ensure_future(mutexes.acquire(ORDER)) for _ in range(2))
    await asyncio.sleep(0)

    mutexes.release(ORDER)
    first.cancel()
    await asyncio.wait_for(second, 5)

    assert first.cancelled()
    mutexes.release(ORDER)
    assert len(mutexes) == 0


@pytest.mark.parametrize("released", [True, False])
async def test_a_waiter_whose_coroutine_is_closed_leaves_the_queue(released: bool) -> None:
    mutexes = KeyedMutexes()
    await mutexes.acquire(ORDER)
    waiting = mutexes.acquire(ORDER)
    waiting.send(None)
    if released:
        mutexes.release(ORDER)
    waiting.close()
    if not released:
        mutexes.release(ORDER)

    assert len(mutexes) == 0


def test_a_mutex_that_another_event_loop_holds_is_refused_until_that_loop_is_closed() -> None:
    mutexes, here, there = KeyedMutexes(), asyncio.new_event_loop(), asyncio.new_event_loop()
    there.run_until_complete(mutexes.acquire(ORDER))

    with pytest.raises(EventLoopError, match="the lock on 'order'"):
        here.run_until_complete(mutexes.acquire(ORDER))

    there.close()
    here.run_until_complete(mutexes.acquire(ORDER))
    here.close()
