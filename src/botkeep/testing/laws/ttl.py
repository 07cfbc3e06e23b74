"""Law 4: what a caller may say about the time to live, and what comes of it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA
from botkeep.ttl import KEEP_TTL, NO_TTL

REFUSED = [0, 0.0, -1, -0.5, math.nan, math.inf, -math.inf, 10**400, timedelta(0), timedelta(-1)]
WRONG = [True, False, "60", [60], b"60"]


class TtlLaws(StorageUnderTest):
    """Law 4. A ttl is positive seconds, the storage's default, never, or what is there."""

    @pytest.mark.parametrize("ttl", [60, 60.5, timedelta(minutes=1)], ids=repr)
    async def test_seconds_may_be_an_int_a_float_or_a_timedelta(
        self, storage: BaseStorage, ttl: float | timedelta
    ) -> None:
        await storage.set_state("order", PIZZA, ttl=ttl)
        before = await storage.get_state("order")
        await self.advance(62)

        assert before == PIZZA
        assert await storage.get_state("order") is None

    async def test_a_fraction_of_a_second_is_a_ttl(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=0.25)
        await self.advance(0.5)

        assert await storage.get_state("order") is None

    async def test_a_ttl_of_a_hundred_years_is_a_ttl(self, storage: BaseStorage) -> None:
        century = 100 * 365 * 86400

        await storage.set_state("order", PIZZA, ttl=century)

        assert await storage.get_ttl("order") == pytest.approx(century, abs=60)

    @pytest.mark.parametrize("ttl", REFUSED, ids=lambda ttl: repr(ttl)[:20])
    async def test_a_ttl_that_is_not_positive_and_finite_is_refused(
        self, storage: BaseStorage, ttl: Any
    ) -> None:
        await self._assert_refused(storage, ttl, ValueError)

    @pytest.mark.parametrize("ttl", WRONG, ids=repr)
    async def test_a_ttl_of_another_type_is_refused(self, storage: BaseStorage, ttl: Any) -> None:
        await self._assert_refused(storage, ttl, TypeError)

    async def _assert_refused(self, storage: BaseStorage, ttl: Any, error: type[Exception]) -> None:
        await storage.set_state("order", PIZZA)

        with pytest.raises(error, match="ttl"):
            await storage.set_state("order", PASTA, ttl=ttl)
        with pytest.raises(error, match="ttl"):
            await storage.compare_and_set("order", PASTA, expected=PIZZA, ttl=ttl)
        with pytest.raises(error, match="ttl"):
            await storage.increment("count", ttl=ttl)
        with pytest.raises(error, match="ttl"):
            await storage.touch("order", ttl=ttl)
        with pytest.raises(error, match="ttl"):
            await storage.update("order", lambda _: PASTA, ttl=ttl)
        assert await storage.get_state("order") == PIZZA
        assert await storage.list_keys() == ["order"]

    @pytest.mark.parametrize("default_ttl", [0, -1, math.nan, math.inf], ids=repr)
    async def test_a_default_ttl_follows_the_same_rules(self, default_ttl: float) -> None:
        with pytest.raises(ValueError, match="ttl"):
            self.create(default_ttl=default_ttl)

    async def test_without_a_ttl_a_document_never_expires(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)
        await self.advance(10 * 365 * 86400)

        assert await storage.get_state("order") == PIZZA

    async def test_without_a_ttl_an_old_expiry_is_cleared(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=60)
        await storage.set_state("order", PASTA)
        await self.advance(61)

        assert await storage.get_state("order") == PASTA

    async def test_a_new_ttl_replaces_the_old_one(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=60)
        await storage.set_state("order", PASTA, ttl=600)
        await self.advance(300)
        between = await storage.get_state("order")
        await self.advance(301)

        assert between == PASTA
        assert await storage.get_state("order") is None

    async def test_a_shorter_ttl_replaces_a_longer_one(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=600)
        await storage.set_state("order", PASTA, ttl=60)
        await self.advance(61)

        assert await storage.get_state("order") is None

    async def test_without_a_ttl_the_default_ttl_holds_for_every_verb_that_writes(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.set_state("set", PIZZA)
            await storage.compare_and_set("swapped", PIZZA, expected=None)
            await storage.increment("count")
            before = await storage.list_keys()
            await self.advance(61)

            assert before == ["count", "set", "swapped"]
            assert await storage.list_keys() == []

    async def test_a_document_made_by_update_gets_the_default_ttl(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.update("order", lambda _: PIZZA)
            await self.advance(61)

            assert await storage.get_state("order") is None

    async def test_no_ttl_overrules_the_default_ttl(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.set_state("order", PIZZA, ttl=NO_TTL)
            await storage.increment("count", ttl=NO_TTL)
            await self.advance(61)

            assert await storage.list_keys() == ["count", "order"]

    async def test_keep_ttl_keeps_the_expiry_that_is_there(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=600)
        await self.advance(300)
        await storage.set_state("order", PASTA, ttl=KEEP_TTL)
        between = await storage.get_state("order")
        await self.advance(301)

        assert between == PASTA
        assert await storage.get_state("order") is None

    async def test_keep_ttl_keeps_a_document_that_never_expires(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.set_state("order", PIZZA, ttl=NO_TTL)
            await storage.set_state("order", PASTA, ttl=KEEP_TTL)
            await self.advance(61)

            assert await storage.get_state("order") == PASTA

    async def test_keep_ttl_gives_a_new_document_the_default_ttl(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.set_state("order", PIZZA, ttl=KEEP_TTL)
            await self.advance(61)

            assert await storage.get_state("order") is None

    async def test_a_swap_keeps_renews_or_clears_the_expiry_as_it_is_told(self, storage: BaseStorage) -> None:
        for identifier in ("kept", "renewed", "cleared"):
            await storage.set_state(identifier, PIZZA, ttl=60)

        await storage.compare_and_set("kept", PASTA, expected=PIZZA, ttl=KEEP_TTL)
        await storage.compare_and_set("renewed", PASTA, expected=PIZZA, ttl=600)
        await storage.compare_and_set("cleared", PASTA, expected=PIZZA)
        await self.advance(61)

        assert await storage.list_keys() == ["cleared", "renewed"]

    async def test_a_swap_that_lost_leaves_the_expiry_as_it_is(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=60)

        await storage.compare_and_set("order", PASTA, expected=PASTA, ttl=600)
        await self.advance(61)

        assert await storage.get_state("order") is None

    async def test_update_keeps_the_expiry_unless_it_is_given_one(self, storage: BaseStorage) -> None:
        for identifier in ("kept", "renewed"):
            await storage.set_state(identifier, PIZZA, ttl=60)

        await storage.update("kept", lambda _: PASTA)
        await storage.update("renewed", lambda _: PASTA, ttl=600)
        await self.advance(61)

        assert await storage.list_keys() == ["renewed"]

    async def test_update_renews_the_expiry_of_a_document_that_stays_the_same(
        self, storage: BaseStorage
    ) -> None:
        await storage.set_state("order", PIZZA, ttl=60)

        await storage.update("order", lambda document: document, ttl=600)
        await self.advance(61)

        assert await storage.get_state("order") == PIZZA
