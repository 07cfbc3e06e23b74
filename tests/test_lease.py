"""What a lease promises beyond the laws of locks: its pace, its patience, its queue."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from botkeep import DeadlockError, LeaseLostError, MemoryStorage, OutcomeUnknownError, StorageUnavailableError
from botkeep.storages.memory import MemoryStorage as Memory
from botkeep.testing import FakeClock
from botkeep.testing.laws.leases import eventually, records, until_lost

FREE: dict[str, Any] = {"owner": None, "fence": 1, "waiting": {}}


class Flaky(Memory):
    """Fails as often as it is told, before or after it has done what it should."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.failures: list[Exception] = []
        self.lost_replies = 0

    async def _apply(self, namespace: str, identifier: str, operation: Any) -> Any:
        if self.failures:
            raise self.failures.pop()
        swap = await super()._apply(namespace, identifier, operation)
        if self.lost_replies:
            self.lost_replies -= 1
            raise OutcomeUnknownError(repr(self), "the reply was lost")
        return swap


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def storage(clock: FakeClock) -> AsyncIterator[Flaky]:
    async with Flaky(clock) as storage:
        yield storage


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long a waiter naps between two looks; made short."""
    naps: list[float] = []

    def nap(shortest: float, longest: float) -> float:
        naps.extend((shortest, longest))
        return 0.001

    monkeypatch.setattr("random.uniform", nap)
    return naps


async def test_a_waiter_looks_at_most_fifty_times_a_second(
    storage: Flaky, clock: FakeClock, naps: list[float]
) -> None:
    await records(storage).set_state("order", {**FREE, "owner": "another"}, ttl=60)
    waiter = asyncio.ensure_future(storage.lock("order").__aenter__())
    await asyncio.wait([waiter], timeout=0.05)
    clock.advance(61)
    await (await waiter).__aexit__(None, None, None)

    assert len(naps) > 2
    assert min(naps) >= 1 / 50


async def test_a_waiter_stands_in_the_queue_and_shows_that_it_is_alive(
    storage: Flaky, clock: FakeClock, naps: list[float]
) -> None:
    await records(storage).set_state("order", {**FREE, "owner": "another"}, ttl=60)
    waiter = asyncio.ensure_future(storage.lock("order").__aenter__())
    beats = [await _heartbeat(storage)]
    for _ in range(5):
        clock.advance(1.5)
        beats.append(await _heartbeat(storage, after=beats[-1]))
    waiter.cancel()
    await asyncio.wait([waiter])

    assert naps
    assert beats == [1, 2, 3, 4, 5, 6]
    assert (await records(storage).get_state("order"))["waiting"] == {}


async def _heartbeat(storage: Flaky, *, after: int = 0) -> int:
    """Return the heartbeat of the only waiter, once it is above ``after``."""
    found = after

    async def has_changed() -> bool:
        nonlocal found
        found = max([after, *(await records(storage).get_state("order"))["waiting"].values()])
        return bool(found > after)

    await eventually(has_changed)
    return found


async def test_a_block_that_is_done_does_not_fail_because_the_lock_cannot_be_released(
    storage: Flaky, caplog: pytest.LogCaptureFixture
) -> None:
    async with storage.lock("order"):
        storage.failures = [StorageUnavailableError("memory", "gone")] * 1000
    storage.failures.clear()

    assert "the lock 'order' could not be released" in caplog.text


async def test_the_block_s_own_error_is_not_replaced_when_the_lock_cannot_be_released(
    storage: Flaky,
) -> None:
    async def fail() -> None:
        async with storage.lock("order"):
            storage.failures = [OutcomeUnknownError("memory", "no answer")] * 1000
            raise LookupError("no such topping")

    with pytest.raises(LookupError, match="no such topping"):
        await fail()


async def test_a_lock_inside_itself_is_a_deadlock(storage: Flaky) -> None:
    async with storage.lock("order"), storage.lock("another"):
        with pytest.raises(DeadlockError):
            async with storage.lock("order"):
                pass

    async with storage.lock("order") as lease:
        assert lease.fence > 0


async def test_fences_grow_though_the_record_has_expired_and_the_clock_went_back(
    storage: Flaky, clock: FakeClock
) -> None:
    fences = []
    for step in (3600, -7200, 90, -90):
        async with storage.lock("order") as lease:
            fences.append(lease.fence)
        clock.advance(step)

    assert fences == sorted(set(fences))


async def test_the_lock_of_a_dead_holder_is_free_after_its_ttl_though_the_clock_went_back(
    storage: Flaky, clock: FakeClock
) -> None:
    dead = storage.lock("order", ttl=30)
    await dead.__aenter__()
    assert dead._renewal is not None
    dead._renewal.cancel()
    await dead._exit_stack.aclose()
    clock.advance(-3600)
    waiter = asyncio.ensure_future(storage.lock("order").__aenter__())
    await _heartbeat(storage)
    clock.advance(31)
    lease = await asyncio.wait_for(waiter, 10)

    assert lease.fence > dead.fence
    await lease.__aexit__(None, None, None)


async def test_a_waiter_does_not_prolong_the_lease_of_a_holder_that_died(
    storage: Flaky, naps: list[float]
) -> None:
    await records(storage).set_state("order", {**FREE, "owner": "dead"}, ttl=60)
    waiter = asyncio.ensure_future(storage.lock("order", ttl=600).__aenter__())
    await asyncio.wait([waiter], timeout=0.05)

    assert naps
    assert await records(storage).get_ttl("order") == 60
    waiter.cancel()
    await asyncio.wait([waiter])


async def test_a_lease_whose_claim_lost_its_reply_is_not_left_to_nobody(storage: Flaky) -> None:
    async def visit() -> bool:
        async with storage.lock("order"):
            return True

    storage.lost_replies = 1
    with pytest.raises(OutcomeUnknownError):
        await visit()

    assert await asyncio.wait_for(visit(), 5)


async def test_a_failed_renewal_is_tried_again_while_the_lease_lives(storage: Flaky) -> None:
    async with storage.lock("order", ttl=0.3) as held:
        storage.failures = [StorageUnavailableError("memory", "gone for a moment")] * 2
        await eventually(lambda: _has_recovered(storage))

        assert not held.lost


async def _has_recovered(storage: Flaky) -> bool:
    return not storage.failures


async def test_a_lease_that_could_not_be_renewed_in_time_counts_as_lost(
    storage: Flaky, clock: FakeClock
) -> None:
    async def hold() -> None:
        async with storage.lock("order", ttl=0.3) as held:
            storage.failures = [StorageUnavailableError("memory", "gone")] * 1000
            clock.advance(0.3)
            await until_lost(held)
            storage.failures.clear()

    with pytest.raises(LeaseLostError):
        await hold()


async def test_a_storage_that_was_stopped_under_a_lease_is_named_and_nothing_is_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks = asyncio.all_tasks()
    storage = MemoryStorage()

    async def hold() -> Any:
        async with storage.lock("order", ttl=0.15) as held:
            await storage.stop()
            await until_lost(held)

    with pytest.raises(RuntimeError, match="was stopped"):
        await hold()

    gc.collect()
    assert asyncio.all_tasks() == tasks
    assert caplog.text == ""
