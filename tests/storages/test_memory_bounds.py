"""MemoryStorage in the long run: what is gone takes no room, and no call pays for all the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from botkeep import KEEP_TTL, MemoryStorage
from botkeep.testing import FakeClock
from botkeep.testing.samples import PIZZA


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def storage(clock: FakeClock) -> AsyncIterator[MemoryStorage]:
    async with MemoryStorage(clock=clock) as storage:
        yield storage


def documents(storage: MemoryStorage) -> int:
    """How many documents take up room, live or not."""
    return sum(len(held.entries) for held in storage._documents.values())


def indexed(storage: MemoryStorage) -> int:
    """How many identifiers the indexes hold."""
    indexes = [held.index for held in storage._documents.values()]
    return sum(len(index._sorted) + len(index._added) for index in indexes)


async def test_the_heap_of_expiries_grows_with_the_live_documents_only(
    storage: MemoryStorage, clock: FakeClock
) -> None:
    for number in range(20_000):
        clock.advance(0.001)
        await storage.set_state(f"order:{number % 10}", PIZZA, ttl=600)

    assert len(storage._expiries) <= 2 * 10 + 100 + 1


async def test_touching_and_incrementing_do_not_grow_the_heap(
    storage: MemoryStorage, clock: FakeClock
) -> None:
    for _ in range(5_000):
        clock.advance(0.001)
        await storage.increment("count", ttl=600)
        await storage.touch("count", ttl=900)
        await storage.set_state("count", 5, ttl=KEEP_TTL)

    assert len(storage._expiries) <= 2 * 1 + 100 + 1


async def test_a_counter_for_each_moment_leaves_no_trace(storage: MemoryStorage, clock: FakeClock) -> None:
    for number in range(20_000):
        clock.advance(1)
        await storage.increment(f"hits:{number}", ttl=60)

    assert documents(storage) <= 61
    assert len(storage._expiries) <= 2 * 61 + 100 + 1
    assert indexed(storage) <= 3 * 61 + 64


async def test_the_index_does_not_grow_when_nobody_lists(storage: MemoryStorage) -> None:
    for number in range(20_000):
        await storage.set_state(f"order:{number}", PIZZA)
        await storage.delete_state(f"order:{number - 10}")

    assert documents(storage) == 10
    assert indexed(storage) <= 2 * 10 + 64 + 1
    assert len(await storage.list_keys()) == 10


async def test_namespaces_that_are_empty_take_no_room(storage: MemoryStorage) -> None:
    for number in range(1_000):
        view = storage.namespace(f"user:{number}")
        await view.set_state("order", PIZZA)
        await view.delete_state("order")

    assert storage._documents == {}


async def test_locks_leave_nothing_behind(storage: MemoryStorage, clock: FakeClock) -> None:
    for number in range(500):
        clock.advance(1)
        async with storage.lock(f"user:{number}"):
            await storage.update(f"order:{number % 5}", lambda _: PIZZA)

    assert len(storage._mutexes) == 0
    # The released locks of the last minute, and the counter of fences.
    assert documents(storage) < 61 + 20


async def test_a_hundred_thousand_expired_documents_go_a_hundred_at_a_time(
    storage: MemoryStorage, clock: FakeClock
) -> None:
    total = 100_000
    await asyncio.gather(*(storage.increment(f"count:{number}", ttl=60) for number in range(total)))
    clock.advance(61)

    before = documents(storage)
    steps = []
    for _ in range(5):
        await storage.set_state("live", PIZZA, ttl=600)
        steps.append(before - documents(storage))
        before = documents(storage)
    for _ in range(total // 100):
        await storage.set_state("live", PIZZA, ttl=600)

    assert all(step <= 100 for step in steps)
    assert sum(steps) >= 400
    assert documents(storage) == 1
    assert len(storage._expiries) <= 2 * 1 + 100 + 1


async def test_a_document_expires_at_its_very_second(storage: MemoryStorage, clock: FakeClock) -> None:
    await storage.set_state("order", PIZZA, ttl=60)
    clock.advance(59.999)
    before = await storage.get_state("order")
    clock.advance(0.001)

    assert before == PIZZA
    assert await storage.get_state("order") is None


async def test_a_stop_keeps_the_documents() -> None:
    storage = MemoryStorage()
    await storage.set_state("order", PIZZA)
    await storage.stop()
    async with storage:
        assert await storage.get_state("order") == PIZZA
