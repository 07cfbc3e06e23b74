"""Law 8, for locks: what becomes of a lock whose holder is slow, or dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from botkeep._core.paths import private
from botkeep.abc import BaseStorage
from botkeep.errors import LeaseLostError
from botkeep.lease import Lease
from botkeep.testing.hooks import StorageUnderTest


def records(storage: BaseStorage) -> BaseStorage:
    """The namespace in which a storage keeps the leases of its locks."""
    return storage._view(private("", "locks"))  # noqa: SLF001 # the namespace that locks are in


async def eventually(condition: Callable[[], Awaitable[Any]]) -> None:
    """Return once the condition holds; fail after ten seconds."""

    async def wait() -> None:
        while not await condition():  # noqa: ASYNC110 # what is waited for may be in another process
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), 10)


async def until_lost(lease: Lease) -> None:
    """Return once the holder of the lease can see that it is lost; fail after ten seconds."""

    async def is_lost() -> bool:
        return lease.lost

    await eventually(is_lost)


class LeaseLaws(StorageUnderTest):
    """Law 8. A lock is a lease: renewed while it is held, free when its holder died, never lost unseen."""

    async def test_a_lock_that_is_held_outlives_its_ttl(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        async def renewed() -> bool:
            return (await records(other).get_ttl("order") or 0) > 1.0

        async with storage.lock("order", ttl=1.5) as lease:
            for _ in range(3):
                await self.advance(0.7)
                await eventually(renewed)

            assert not lease.lost

    async def test_a_lock_whose_holder_died_is_free_after_its_ttl(self, storage: BaseStorage) -> None:
        await records(storage).set_state("order", {"owner": "dead", "fence": 7, "waiting": {}}, ttl=60)

        async def visit() -> int:
            async with storage.lock("order") as lease:
                return lease.fence

        visitor = asyncio.ensure_future(visit())
        await asyncio.wait([visitor], timeout=0.2)
        waited = not visitor.done()
        await self.advance(61)

        assert waited
        assert await asyncio.wait_for(visitor, 10) > 7

    async def test_a_place_in_the_queue_whose_waiter_died_goes_stale(self, storage: BaseStorage) -> None:
        queue = {"dead": 1}
        await records(storage).set_state("order", {"owner": None, "fence": 7, "waiting": queue}, ttl=600)

        async def visit() -> int:
            async with storage.lock("order") as lease:
                return lease.fence

        async def stands_in_the_queue() -> bool:
            return len((await records(storage).get_state("order"))["waiting"]) == 2

        visitor = asyncio.ensure_future(visit())
        await eventually(stands_in_the_queue)
        await self.advance(3)

        assert await asyncio.wait_for(visitor, 10) == 8

    async def test_a_lock_that_was_lost_says_so_when_it_is_released(self, storage: BaseStorage) -> None:
        with pytest.raises(LeaseLostError) as caught:
            async with storage.lock("order", ttl=60):
                await self.advance(61)

        assert caught.value.identifier == "order"

    async def test_a_lock_that_another_took_over_is_left_to_it(self, storage: BaseStorage) -> None:
        taken = {"owner": "another", "fence": 7, "waiting": {}}
        with pytest.raises(LeaseLostError):
            async with storage.lock("order", ttl=60):
                await records(storage).set_state("order", taken, ttl=60)

        assert await records(storage).get_state("order") == taken

    async def test_a_holder_can_see_that_its_lock_is_lost(self, storage: BaseStorage) -> None:
        async def hold_until_lost() -> None:
            async with storage.lock("order", ttl=0.3) as lease:
                await records(storage).delete_state("order")
                await until_lost(lease)

        with pytest.raises(LeaseLostError):
            await hold_until_lost()

    async def test_an_error_in_the_block_comes_before_the_loss_of_the_lock(
        self, storage: BaseStorage
    ) -> None:
        async def fail() -> None:
            async with storage.lock("order", ttl=60):
                await self.advance(61)
                raise LookupError("no such topping")

        with pytest.raises(LookupError, match="no such topping"):
            await fail()
