"""Law 2: stored documents and the caller's objects have nothing in common."""

from __future__ import annotations

import copy
from typing import Any

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PIZZA


class AliasingLaws(StorageUnderTest):
    """Law 2. What a caller does to a value changes nothing stored."""

    async def test_changing_a_value_after_storing_it_changes_nothing_stored(
        self, storage: BaseStorage
    ) -> None:
        document = copy.deepcopy(PIZZA)

        await storage.set_state("order", document)
        document["data"]["toppings"].append("olives")

        assert await storage.get_state("order") == PIZZA

    async def test_changing_a_value_that_was_read_changes_nothing_stored(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        (await storage.get_state("order"))["data"]["toppings"].append("olives")

        assert await storage.get_state("order") == PIZZA

    async def test_changing_a_value_after_a_swap_changes_nothing_stored(self, storage: BaseStorage) -> None:
        document = copy.deepcopy(PIZZA)

        await storage.compare_and_set("order", document, expected=None)
        document["data"].clear()

        assert await storage.get_state("order") == PIZZA

    async def test_update_never_changes_its_default(self, storage: BaseStorage) -> None:
        default: dict[str, Any] = {"items": []}

        def add(document: dict[str, Any]) -> dict[str, Any]:
            document["items"].append("pizza")
            return document

        first = await storage.update("order", add, default=default)
        second = await storage.update("other order", add, default=default)

        assert default == {"items": []}
        assert first == second == {"items": ["pizza"]}

    async def test_changing_what_update_returned_or_was_given_changes_nothing_stored(
        self, storage: BaseStorage
    ) -> None:
        kept: list[Any] = []

        def keep(document: dict[str, Any]) -> dict[str, Any]:
            kept.append(document)
            return document

        result = await storage.update("order", keep, default=PIZZA)
        result["data"].clear()
        kept[0]["data"]["size"] = "small"

        assert await storage.get_state("order") == PIZZA
