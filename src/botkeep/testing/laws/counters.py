"""Law 5: counters are documents that hold an integer."""

from __future__ import annotations

from typing import Any

import pytest

from botkeep._core.counters import LARGEST, SMALLEST
from botkeep.abc import BaseStorage
from botkeep.errors import CounterOverflowError, NotACounterError
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PIZZA

OTHER_DOCUMENTS: list[Any] = [None, True, 1.0, "1", "", [1], {"count": 1}, PIZZA, {"$int": "1"}]


class CounterLaws(StorageUnderTest):
    """Law 5. Counters are documents that hold an integer."""

    async def test_increment_returns_the_new_total(self, storage: BaseStorage) -> None:
        totals = [
            await storage.increment("count"),
            await storage.increment("count", 10),
            await storage.increment("count", -20),
            await storage.increment("count", 0),
        ]

        assert totals == [1, 11, -9, -9]

    async def test_incrementing_by_nothing_makes_a_counter(self, storage: BaseStorage) -> None:
        await storage.increment("count", 0)

        assert await storage.get_state("count", "absent") == 0

    async def test_a_counter_is_read_like_any_document(self, storage: BaseStorage) -> None:
        await storage.increment("count", 5)

        assert repr(await storage.get_state("count")) == "5"

    async def test_a_counter_is_listed_cleared_and_counted_like_any_document(
        self, storage: BaseStorage
    ) -> None:
        await storage.increment("count")
        listed = await storage.list_keys()
        cleared = await storage.clear_namespace()

        assert (listed, cleared) == (["count"], 1)
        assert await storage.increment("count") == 1

    async def test_a_counter_is_deleted_like_any_document(self, storage: BaseStorage) -> None:
        await storage.increment("count", 5)
        deleted = await storage.delete_state("count")

        assert deleted
        assert await storage.increment("count") == 1

    async def test_a_counter_is_swapped_and_updated_like_any_document(self, storage: BaseStorage) -> None:
        await storage.increment("count", 5)

        assert await storage.compare_and_set("count", 7, expected=5)
        assert await storage.update("count", lambda count: count * 2) == 14
        assert await storage.increment("count") == 15

    async def test_an_integer_that_was_stored_can_be_incremented(self, storage: BaseStorage) -> None:
        await storage.set_state("count", -5)

        assert await storage.increment("count", 7) == 2

    async def test_a_counter_is_exact_where_floats_are_not(self, storage: BaseStorage) -> None:
        await storage.set_state("count", 2**53)

        assert await storage.increment("count") == 2**53 + 1
        assert await storage.increment("count", 2**62) == 2**62 + 2**53 + 1

    @pytest.mark.parametrize("document", OTHER_DOCUMENTS, ids=repr)
    async def test_anything_but_an_integer_is_no_counter_and_stays(
        self, storage: BaseStorage, document: Any
    ) -> None:
        await storage.set_state("order", document, ttl=60)

        with pytest.raises(NotACounterError) as caught:
            await storage.increment("order", ttl=600)

        assert caught.value.identifier == "order"
        assert repr(await storage.get_state("order", "absent")) == repr(document)
        await self.advance(61)
        assert not await storage.exists("order")

    @pytest.mark.parametrize(
        ("count", "amount"),
        [(LARGEST, 1), (SMALLEST, -1), (1, LARGEST), (-1, SMALLEST), (2**70, 1), (-(2**64), -1)],
    )
    async def test_a_total_past_64_bits_is_refused_and_nothing_changes(
        self, storage: BaseStorage, count: int, amount: int
    ) -> None:
        await storage.set_state("count", count)

        with pytest.raises(CounterOverflowError) as caught:
            await storage.increment("count", amount)

        assert (caught.value.identifier, caught.value.amount) == ("count", amount)
        assert await storage.get_state("count") == count

    async def test_a_counter_reaches_the_ends_of_64_bits(self, storage: BaseStorage) -> None:
        await storage.set_state("count", LARGEST - 1)
        await storage.set_state("depth", SMALLEST + 1)

        assert await storage.increment("count") == LARGEST
        assert await storage.increment("depth", -1) == SMALLEST
        assert await storage.get_state("count") == LARGEST

    @pytest.mark.parametrize("amount", [LARGEST + 1, SMALLEST - 1, 2**70])
    async def test_an_amount_past_64_bits_is_refused(self, storage: BaseStorage, amount: int) -> None:
        with pytest.raises(CounterOverflowError):
            await storage.increment("count", amount)

        assert not await storage.exists("count")

    @pytest.mark.parametrize("amount", [1.0, True, "1", None], ids=repr)
    async def test_an_amount_is_an_int(self, storage: BaseStorage, amount: Any) -> None:
        with pytest.raises(TypeError, match="amount"):
            await storage.increment("count", amount)

        assert not await storage.exists("count")
