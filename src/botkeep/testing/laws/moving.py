"""Law 12, for what moving a whole storage needs: knowing its namespaces, reading many documents at once."""

from __future__ import annotations

import math

import pytest

from botkeep import documents
from botkeep.abc import BaseStorage
from botkeep.hooks import Stored
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA


class MovingLaws(StorageUnderTest):
    """Law 12. Behind its walls, a storage forgets nothing: namespaces can be listed."""

    async def test_the_namespaces_directly_inside_are_listed(self, storage: BaseStorage) -> None:
        for name in ("plugins", "users/5", "Users", "*"):
            await storage.namespace(name).set_state("order", PIZZA)
        await storage.namespace("plugins").namespace("pizza").set_state("order", PIZZA)
        await storage.namespace("empty above").namespace("pizza").set_state("order", PIZZA)

        assert await storage.list_namespaces() == ["*", "Users", "empty above", "plugins", "users/5"]
        assert await storage.namespace("plugins").list_namespaces() == ["pizza"]
        assert await storage.namespace("Users").list_namespaces() == []

    async def test_an_empty_namespace_is_not_listed(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)
        await storage.namespace("cleared").set_state("order", PIZZA)
        await storage.namespace("cleared").clear_namespace()
        await storage.namespace("expired").set_state("order", PIZZA, ttl=60)
        await self.advance(61)

        assert await storage.list_namespaces() == []

    async def test_a_lock_makes_no_namespace_that_is_listed(self, storage: BaseStorage) -> None:
        async with storage.lock("order"), storage.namespace("plugins").lock("order"):
            assert await storage.namespace("plugins").list_namespaces() == []
            assert [name for name in await storage.list_namespaces() if name != "plugins"] == []

    async def test_many_documents_are_read_at_once_with_their_expiries(self, storage: BaseStorage) -> None:
        await storage.set_state("permanent", PIZZA)
        await storage.set_state("expiring", PASTA, ttl=600)
        await storage.set_state("expired", PIZZA, ttl=60)
        await self.advance(61)

        names = ["expiring", "absent", "permanent", "expired", "expiring"]
        expiring, absent, permanent, expired, again = await storage._get_many("", names)  # noqa: SLF001 # an engine's hook

        assert (absent, expired) == (None, None)
        assert permanent is not None
        assert permanent.value == await self.raw_read("", "permanent")
        assert permanent.expires_at == math.inf
        assert expiring is not None
        assert again is not None
        assert again.value == expiring.value
        # An engine whose server counts down works each of them out.
        assert again.expires_at == pytest.approx(expiring.expires_at, abs=5)
        assert expiring.value == await self.raw_read("", "expiring")
        left = await storage.get_ttl("expiring")
        assert expiring.expires_at - storage.now() == pytest.approx(left, abs=5)

    async def test_of_many_documents_those_that_are_absent_are_added(self, storage: BaseStorage) -> None:
        await storage.set_state("taken", PIZZA)
        await storage.set_state("expired", PIZZA, ttl=60)
        await self.advance(61)
        value = documents.encode(PASTA)
        soon = Stored(value, storage.now() + 600)
        wanted = {"taken": soon, "expired": soon, "new": Stored(value, math.inf)}

        assert await storage._add_many("", wanted) == [False, True, True]  # noqa: SLF001 # an engine's hook
        assert await storage._add_many("", {}) == []  # noqa: SLF001 # an engine's hook
        assert await storage.get_state("taken") == PIZZA
        assert await storage.get_state("expired") == PASTA
        assert await storage.get_ttl("expired") == pytest.approx(600, abs=5)
        assert await storage.get_ttl("new") == math.inf
