"""Law 7, for locks: of all tasks and processes, one at a time is inside."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.errors import IdentifierError
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PIZZA


async def happened(event: asyncio.Event, task: asyncio.Future[None]) -> None:
    """Return once the event has happened; raise what the task raised that should have let it happen."""
    waiter: asyncio.Future[Any] = asyncio.ensure_future(event.wait())
    await asyncio.wait([waiter, task], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiter.cancel()
        await task


class LockLaws(StorageUnderTest):
    """Law 7. Of all tasks and processes, one at a time is inside a lock."""

    async def test_one_at_a_time_is_inside(self, storage: BaseStorage, other: BaseStorage) -> None:
        inside = most = visits = 0

        async def visit(storage: BaseStorage) -> None:
            nonlocal inside, most, visits
            async with storage.lock("order"):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.002)
                inside -= 1
                visits += 1

        await asyncio.gather(*(visit((storage, other)[number % 2]) for number in range(8)))

        assert (most, visits) == (1, 8)

    async def test_different_locks_do_not_wait_for_each_other(self, storage: BaseStorage) -> None:
        plugin = storage.namespace("plugin")

        async with storage.lock("order"), storage.lock("other order"), plugin.lock("order") as lease:
            assert not lease.lost

    async def test_a_lock_is_apart_from_the_document_of_its_identifier(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        async with storage.lock("order"), storage.lock("other order"):
            assert await storage.get_state("order") == PIZZA
            assert await storage.list_keys() == ["order"]
            assert await storage.clear_namespace() == 1
            assert await storage.increment("order") == 1

    async def test_a_lock_can_be_used_again(self, storage: BaseStorage) -> None:
        lock = storage.lock("order")
        fences = []
        for _ in range(3):
            async with lock as lease:
                fences.append(lease.fence)

        assert fences == sorted(set(fences))

    async def test_the_fence_grows_with_every_holder(self, storage: BaseStorage, other: BaseStorage) -> None:
        fences = []
        for number in range(6):
            async with (storage, other)[number % 2].lock("order") as lease:
                fences.append(lease.fence)
            await self.advance(1)

        assert fences == sorted(set(fences))
        assert fences[0] > 0

    async def test_a_modest_waiter_is_not_starved_by_a_greedy_one(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        visits: list[str] = []
        visited = asyncio.Event()

        async def visit(storage: BaseStorage, name: str) -> None:
            async with storage.lock("order"):
                visits.append(name)
                visited.set()
                await asyncio.sleep(0.01)

        async def be_greedy() -> None:
            for _ in range(32):
                await visit(storage, "greedy")

        greedy = asyncio.ensure_future(be_greedy())
        await happened(visited, greedy)
        await visit(other, "modest")
        await greedy

        assert visits.index("modest") <= 24

    async def test_a_waiter_that_is_cancelled_leaves_its_place_to_the_next(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        async def visit(storage: BaseStorage) -> None:
            async with storage.lock("order"):
                pass

        async with storage.lock("order"):
            waiter = asyncio.ensure_future(visit(other))
            await asyncio.wait([waiter], timeout=0.1)
            waiter.cancel()
            await asyncio.wait([waiter])

        await asyncio.wait_for(visit(storage), 10)

    async def test_a_holder_that_is_cancelled_gives_the_lock_back(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        entered = asyncio.Event()

        async def hold() -> None:
            async with storage.lock("order"):
                entered.set()
                await asyncio.Event().wait()

        holder = asyncio.ensure_future(hold())
        await happened(entered, holder)
        holder.cancel()
        await asyncio.wait([holder])

        async with other.lock("order") as lease:
            assert not lease.lost

    @pytest.mark.parametrize("ttl", [0, -1, float("inf"), float("nan")])
    async def test_a_lock_s_ttl_is_positive_and_finite(self, storage: BaseStorage, ttl: float) -> None:
        with pytest.raises(ValueError, match="ttl"):
            storage.lock("order", ttl=ttl)

    async def test_a_lock_s_identifier_is_an_identifier(self, storage: BaseStorage) -> None:
        with pytest.raises(IdentifierError):
            storage.lock("")
