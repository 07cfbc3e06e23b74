"""Law 5, for the expiry of counters."""

from __future__ import annotations

import math

import pytest

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.ttl import KEEP_TTL, NO_TTL


class CounterExpiryLaws(StorageUnderTest):
    """Law 5. A counter's expiry is renewed, or set only once, or kept, as the caller says."""

    async def test_a_counter_expires(self, storage: BaseStorage) -> None:
        await storage.increment("count", 5, ttl=60)
        await self.advance(61)

        assert await storage.increment("count") == 1

    async def test_a_ttl_is_renewed_at_each_increment(self, storage: BaseStorage) -> None:
        for _ in range(3):
            await storage.increment("count", ttl=60)
            await self.advance(40)

        assert await storage.increment("count") == 4

    async def test_a_ttl_that_is_not_renewed_is_set_only_on_creation(self, storage: BaseStorage) -> None:
        await storage.increment("count", ttl=60, renew=False)
        await self.advance(40)
        second = await storage.increment("count", ttl=60, renew=False)
        await self.advance(21)

        assert second == 2
        assert await storage.increment("count", ttl=60, renew=False) == 1

    async def test_a_ttl_that_is_not_renewed_leaves_a_permanent_counter_alone(
        self, storage: BaseStorage
    ) -> None:
        await storage.increment("count")

        await storage.increment("count", ttl=60, renew=False)

        assert await storage.get_ttl("count") == math.inf

    @pytest.mark.parametrize("ttl", [None, KEEP_TTL], ids=repr)
    async def test_without_a_ttl_a_counter_keeps_its_expiry(self, storage: BaseStorage, ttl: None) -> None:
        await storage.increment("count", ttl=60)
        second = await storage.increment("count", ttl=ttl)
        await self.advance(61)

        assert second == 2
        assert await storage.increment("count") == 1

    async def test_without_a_ttl_a_counter_keeps_its_expiry_whatever_the_default(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.increment("count", ttl=600)
            await storage.increment("count")
            await self.advance(61)

            assert await storage.increment("count") == 3

    async def test_no_ttl_makes_a_counter_permanent(self, storage: BaseStorage) -> None:
        await storage.increment("count", ttl=60)

        await storage.increment("count", ttl=NO_TTL)
        await self.advance(61)

        assert await storage.increment("count") == 3
