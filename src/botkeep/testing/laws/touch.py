"""Law 4, for the verbs that only look at an expiry or change it."""

from __future__ import annotations

import math

import pytest

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PIZZA
from botkeep.ttl import KEEP_TTL, NO_TTL


class TouchLaws(StorageUnderTest):
    """Law 4. An expiry can be read, and changed without the document."""

    async def test_get_ttl_tells_the_seconds_that_are_left(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=600)
        await self.advance(200)

        left = await storage.get_ttl("order")

        assert isinstance(left, float)
        assert left == pytest.approx(400, abs=5)

    async def test_get_ttl_of_a_document_that_never_expires_is_infinite(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        assert await storage.get_ttl("order") == math.inf

    async def test_get_ttl_of_an_absent_document_is_none(self, storage: BaseStorage) -> None:
        assert await storage.get_ttl("order") is None

    async def test_touch_changes_the_expiry_and_nothing_else(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=60)

        touched = await storage.touch("order", ttl=600)
        await self.advance(61)

        assert touched is True
        assert await storage.get_state("order") == PIZZA

    async def test_touch_can_shorten_a_life(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        await storage.touch("order", ttl=60)
        await self.advance(61)

        assert await storage.get_state("order") is None

    async def test_touch_can_make_a_document_permanent(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=60)

        await storage.touch("order", ttl=NO_TTL)

        assert await storage.get_ttl("order") == math.inf

    async def test_touch_with_none_gives_the_default_ttl(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.set_state("order", PIZZA, ttl=NO_TTL)
            await storage.touch("order", ttl=None)

            assert await storage.get_ttl("order") == pytest.approx(60, abs=5)

    async def test_touch_of_an_absent_document_makes_none(self, storage: BaseStorage) -> None:
        touched = await storage.touch("order", ttl=60)

        assert touched is False
        assert not await storage.exists("order")

    async def test_touch_refuses_to_keep_what_it_should_change(self, storage: BaseStorage) -> None:
        with pytest.raises(ValueError, match="KEEP_TTL"):
            await storage.touch("order", ttl=KEEP_TTL)

    async def test_touch_renews_a_counter(self, storage: BaseStorage) -> None:
        await storage.increment("count", ttl=60)

        await storage.touch("count", ttl=600)
        await self.advance(61)

        assert await storage.increment("count") == 2
