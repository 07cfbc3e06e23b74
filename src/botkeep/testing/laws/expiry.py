"""Law 3: what has expired is not there, whoever asks."""

from __future__ import annotations

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA
from botkeep.ttl import KEEP_TTL


class ExpiryLaws(StorageUnderTest):
    """Law 3. Expired is absent, for every verb."""

    async def expire(self, storage: BaseStorage) -> None:
        """Store an order whose time has passed, and a counter."""
        await storage.set_state("order", PIZZA, ttl=60)
        await storage.increment("count", 5, ttl=60)
        await self.advance(61)

    async def test_a_document_is_there_until_its_time_has_come(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA, ttl=600)
        await self.advance(500)

        assert await storage.get_state("order") == PIZZA
        assert await storage.list_keys() == ["order"]

    async def test_an_expired_document_reads_as_absent(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert await storage.get_state("order") is None

    async def test_an_expired_document_reads_as_the_default(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert await storage.get_state("order", PASTA) == PASTA

    async def test_an_expired_document_does_not_exist(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert not await storage.exists("order")

    async def test_deleting_an_expired_document_finds_nothing(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert not await storage.delete_state("order")

    async def test_a_swap_that_wants_absence_wins_over_an_expired_document(
        self, storage: BaseStorage
    ) -> None:
        await self.expire(storage)

        assert await storage.compare_and_set("order", PASTA, expected=None)
        assert await storage.get_state("order") == PASTA

    async def test_a_swap_that_wants_the_expired_document_loses(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert not await storage.compare_and_set("order", PASTA, expected=PIZZA)
        assert await storage.get_state("order") is None

    async def test_an_expired_counter_restarts_at_the_amount(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert await storage.increment("count", 2) == 2

    async def test_a_counter_that_restarted_has_a_new_expiry(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        await storage.increment("count", 2, ttl=60, renew=False)

        assert await storage.get_ttl("count") is not None

    async def test_an_expired_document_cannot_be_touched_back_to_life(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert not await storage.touch("order", ttl=60)
        assert await storage.get_state("order") is None

    async def test_an_expired_document_has_no_time_left(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert await storage.get_ttl("order") is None

    async def test_an_expired_document_is_not_listed(self, storage: BaseStorage) -> None:
        await self.expire(storage)
        await storage.set_state("live order", PIZZA)

        assert await storage.list_keys() == ["live order"]

    async def test_clearing_does_not_count_expired_documents(self, storage: BaseStorage) -> None:
        await self.expire(storage)
        await storage.set_state("live order", PIZZA)

        assert await storage.clear_namespace() == 1

    async def test_update_gives_the_default_for_an_expired_document(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        assert await storage.update("order", lambda document: [*document, "new"], default=[]) == ["new"]

    async def test_an_expired_document_has_no_expiry_to_keep(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        await storage.set_state("order", PASTA, ttl=KEEP_TTL)

        assert await storage.get_state("order") == PASTA

    async def test_a_document_stored_over_an_expired_one_lives(self, storage: BaseStorage) -> None:
        await self.expire(storage)

        await storage.set_state("order", PASTA)
        await self.advance(61)

        assert await storage.get_state("order") == PASTA
        assert await storage.list_keys() == ["order"]

    async def test_an_expiry_holds_for_every_storage_object(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        await self.expire(storage)

        assert await other.get_state("order") is None
        assert await other.increment("count") == 1

    async def test_documents_of_a_namespace_expire_too(self, storage: BaseStorage) -> None:
        view = storage.namespace("plugin")
        await self.expire(view)

        assert await view.get_state("order") is None
        assert await view.list_keys() == []
        assert await view.clear_namespace() == 0
