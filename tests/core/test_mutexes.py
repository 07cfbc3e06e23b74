"""Mutual exclusion by key, inside one process."""

from __future__ import annotations

import asyncio

from botkeep._core.mutexes import KeyedMutexes


async def test_visitors_of_one_key_come_one_by_one_in_the_order_of_their_calls() -> None:
    mutexes, order = KeyedMutexes(), []

    async def visit(name: str) -> None:
        async with mutexes.of("order"):
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    await asyncio.gather(*(visit(name) for name in "abc"))

    assert order == ["a in", "a out", "b in", "b out", "c in", "c out"]


async def test_different_keys_do_not_wait_for_each_other() -> None:
    mutexes = KeyedMutexes()

    async with mutexes.of(("a", 1)), mutexes.of(("a", 2)):
        assert len(mutexes) == 2


async def test_a_mutex_is_freed_when_nobody_waits() -> None:
    mutexes = KeyedMutexes()
    for number in range(100):
        async with mutexes.of(number):
            assert len(mutexes) == 1

    assert len(mutexes) == 0


async def test_a_visitor_that_fails_lets_the_next_one_in() -> None:
    mutexes = KeyedMutexes()

    async def fail() -> None:
        async with mutexes.of("order"):
            raise LookupError

    results = await asyncio.gather(fail(), fail(), return_exceptions=True)

    assert [type(result) for result in results] == [LookupError, LookupError]
    assert len(mutexes) == 0


async def test_a_waiter_that_is_cancelled_leaves_its_turn_to_the_next() -> None:
    mutexes, entered = KeyedMutexes(), []

    async def visit(name: str) -> None:
        async with mutexes.of("order"):
            entered.append(name)

    async with mutexes.of("order"):
        first, second = (asyncio.ensure_future(visit(name)) for name in ("first", "second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
    await second

    assert entered == ["second"]
    assert len(mutexes) == 0
