"""Laws 6 and 7, for the verb that reads, changes and writes as one step."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA


class UpdateLaws(StorageUnderTest):
    """Law 7. update reads, changes and writes as one step, or does nothing at all."""

    async def test_update_stores_and_returns_what_the_change_returns(self, storage: BaseStorage) -> None:
        await storage.set_state("order", {"items": 1})

        result = await storage.update("order", lambda document: {**document, "paid": True})

        assert result == {"items": 1, "paid": True}
        assert await storage.get_state("order") == result

    async def test_update_returns_the_document_as_it_is_read(self, storage: BaseStorage) -> None:
        assert await storage.update("order", lambda _: {1: ("a", "b")}) == {"1": ["a", "b"]}

    async def test_update_changes_the_default_of_an_absent_document(self, storage: BaseStorage) -> None:
        result = await storage.update("order", lambda items: [*items, "pizza"], default=["water"])

        assert result == ["water", "pizza"]
        assert await storage.get_state("order") == result

    async def test_update_gives_none_when_there_is_neither_document_nor_default(
        self, storage: BaseStorage
    ) -> None:
        seen: list[Any] = []

        def look(document: Any) -> Any:
            seen.append(document)
            return PIZZA

        await storage.update("order", look)

        assert seen == [None]

    async def test_update_stores_a_default_that_the_change_leaves_as_it_is(
        self, storage: BaseStorage
    ) -> None:
        await storage.update("order", lambda document: document, default=PIZZA)

        assert await storage.get_state("order") == PIZZA

    async def test_a_change_that_forgot_its_return_is_refused(self, storage: BaseStorage) -> None:
        await storage.set_state("order", ["ham"])

        with pytest.raises(TypeError, match="return"):
            await storage.update("order", lambda items: items.append("olives"))

        assert await storage.get_state("order") == ["ham"]

    async def test_a_change_that_fails_writes_nothing_and_its_error_reaches_the_caller(
        self, storage: BaseStorage
    ) -> None:
        await storage.set_state("order", PIZZA)

        def fail(document: dict[str, Any]) -> Any:
            document.clear()
            raise LookupError("no such topping")

        with pytest.raises(LookupError, match="no such topping"):
            await storage.update("order", fail)

        assert await storage.get_state("order") == PIZZA
        assert await storage.update("order", lambda _: PASTA) == PASTA

    async def test_a_change_sees_what_another_storage_object_wrote_meanwhile(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        def add(storage: BaseStorage, item: int) -> Any:
            return storage.update("order", lambda items: [*items, item], default=[])

        await asyncio.gather(*(add((storage, other)[item % 2], item) for item in range(30)))

        assert sorted(await storage.get_state("order")) == list(range(30))
