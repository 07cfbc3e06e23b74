"""Law 12: namespaces are walls."""

from __future__ import annotations

from typing import Any, Final

import pytest

from botkeep.abc import BaseStorage
from botkeep.errors import IdentifierError, NotACounterError
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.laws.identifiers import HOSTILE, REFUSED
from botkeep.testing.samples import PASTA, PIZZA, numbered

PATHS: Final[list[list[str]]] = [
    [], ["a"], ["A"], ["a", "a"], ["a/a"], ["a:a"], ["a", "b"], ["a/b"], ["a:b"], ["a%2Fb"], ["a", "b", "c"],
    ["a/b", "c"], ["a", "b/c"], ["a/b/c"], ["*"], ["a*"], ["?"], ["[a]"], ["["], ["a", "*"], ["%"], ["%25"],
    ["/"], ["//"], ["/", "/"], ["a/"], ["a", "/"], ["/a"], [":"], [" "], ["."], [".."], ["{a}"], ["locks"],
    ["/locks"], ["//locks"], ["a//locks"], ["é"], ["e\u0301"], ["👩"], ["x" * 1024], ["\x01"], ["None"],
]  # fmt: skip


def at(storage: BaseStorage, path: list[str]) -> BaseStorage:
    for name in path:
        storage = storage.namespace(name)
    return storage


class NamespaceLaws(StorageUnderTest):
    """Law 12. Nothing done in one namespace reaches another, whatever characters the names hold."""

    async def test_each_namespace_has_documents_of_its_own(self, storage: BaseStorage) -> None:
        for number, path in enumerate(PATHS):
            await at(storage, path).set_state("order", numbered(number))

        found = [await at(storage, path).get_state("order") for path in PATHS]

        assert found == [numbered(number) for number in range(len(PATHS))]

    async def test_a_listing_shows_one_namespace(self, storage: BaseStorage) -> None:
        for number, path in enumerate(PATHS):
            await at(storage, path).set_state(f"order {number}", PIZZA)

        found = [await at(storage, path).list_keys() for path in PATHS]

        assert found == [[f"order {number}"] for number in range(len(PATHS))]

    async def test_clearing_clears_one_namespace(self, storage: BaseStorage) -> None:
        for path in PATHS:
            await at(storage, path).set_state("order", PIZZA)

        for position, path in enumerate(PATHS):
            assert await at(storage, path).clear_namespace() == 1
            left = [bool(await at(storage, later).list_keys()) for later in PATHS]
            assert left == [False] * (position + 1) + [True] * (len(PATHS) - position - 1)

    async def test_no_identifier_reaches_another_namespace(self, storage: BaseStorage) -> None:
        view = storage.namespace("a")
        await view.set_state("order", PIZZA)
        await view.namespace("b").set_state("order", PIZZA)

        for identifier in [*HOSTILE, "a:order", "a/order", "/order", "../order", "a\x01order", "order"]:
            await storage.set_state(identifier, PASTA)
            await view.namespace("b/order").set_state(identifier, PASTA)

        assert await view.get_state("order") == PIZZA
        assert await view.namespace("b").get_state("order") == PIZZA
        assert await view.list_keys() == ["order"]

    async def test_every_verb_works_inside_its_namespace_alone(self, storage: BaseStorage) -> None:
        view = storage.namespace("plugin")
        await storage.set_state("order", PIZZA)

        assert await view.compare_and_set("order", PASTA, expected=None)
        assert not await view.delete_state("other order")
        assert await view.increment("count", 5) == 5
        assert await view.update("order", lambda order: [order]) == [PASTA]
        assert await view.touch("order", ttl=60)
        assert await view.delete_state("order")
        assert not await view.exists("order")
        assert await storage.get_state("order") == PIZZA
        assert await storage.list_keys() == ["order"]
        with pytest.raises(NotACounterError):
            await storage.increment("order")

    async def test_views_of_one_name_are_one_namespace(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        await storage.namespace("plugin").namespace("user 5").set_state("order", PIZZA)

        assert await storage.namespace("plugin").namespace("user 5").get_state("order") == PIZZA
        assert await other.namespace("plugin").namespace("user 5").get_state("order") == PIZZA

    async def test_a_namespace_has_the_default_ttl_of_its_storage(self) -> None:
        async with self.create(default_ttl=60) as storage:
            await storage.namespace("plugin").set_state("order", PIZZA)
            await self.advance(61)

            assert await storage.namespace("plugin").get_state("order") is None

    async def test_a_namespace_is_opened_and_closed_with_its_storage(self) -> None:
        storage = self.create()
        async with storage.namespace("plugin") as view:
            await view.set_state("order", PIZZA)
            await storage.set_state("order", PASTA)

            assert await view.health()
        assert not await storage.health()

    @pytest.mark.parametrize("name", REFUSED, ids=lambda value: ascii(value)[:20])
    async def test_a_name_that_is_no_identifier_is_refused(self, storage: BaseStorage, name: Any) -> None:
        with pytest.raises(IdentifierError):
            storage.namespace(name)
