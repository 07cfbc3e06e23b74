"""Law 9: a failed read is an exception, never "absent"."""

from __future__ import annotations

import pytest

from botkeep.abc import BaseStorage
from botkeep.errors import CorruptDocumentError
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA

TRUNCATED = b'{"name":"Order:size","data":{"si'
DAMAGED = [TRUNCATED, b"", b"nonsense", b'"\xff\xfe"', b'{"$nosuchtag":1}', b'{"$uuid":5}', b'{"$dict":5}']


class CorruptionLaws(StorageUnderTest):
    """Law 9. What cannot be read is an error that names it, and is left as it is."""

    @pytest.mark.parametrize("value", DAMAGED, ids=repr)
    async def test_reading_a_damaged_document_is_an_error_that_names_it(
        self, storage: BaseStorage, value: bytes
    ) -> None:
        await self.raw_write("", "order", value)

        with pytest.raises(CorruptDocumentError, match="'order'") as caught:
            await storage.get_state("order", PIZZA)

        assert caught.value.identifier == "order"

    @pytest.mark.parametrize("value", DAMAGED, ids=repr)
    async def test_a_verb_that_has_to_read_leaves_a_damaged_document_as_it_is(
        self, storage: BaseStorage, value: bytes
    ) -> None:
        await self.raw_write("", "order", value)

        with pytest.raises(CorruptDocumentError):
            await storage.compare_and_set("order", PASTA, expected=PIZZA)
        with pytest.raises(CorruptDocumentError):
            await storage.increment("order")
        with pytest.raises(CorruptDocumentError):
            await storage.update("order", lambda _: PASTA, default=PIZZA)
        assert await self.raw_read("", "order") == value

    async def test_a_damaged_document_is_there(self, storage: BaseStorage) -> None:
        await self.raw_write("", "order", TRUNCATED)

        assert await storage.exists("order")
        assert await storage.list_keys() == ["order"]
        assert not await storage.compare_and_set("order", PASTA, expected=None)
        assert await self.raw_read("", "order") == TRUNCATED

    async def test_a_damaged_document_can_be_replaced_on_purpose(self, storage: BaseStorage) -> None:
        await self.raw_write("", "order", TRUNCATED)

        await storage.set_state("order", PIZZA)

        assert await storage.get_state("order") == PIZZA

    async def test_a_damaged_document_can_be_deleted_on_purpose(self, storage: BaseStorage) -> None:
        await self.raw_write("", "order", TRUNCATED)

        assert await storage.delete_state("order")
        assert await self.raw_read("", "order") is None

    async def test_a_damaged_document_harms_no_other(self, storage: BaseStorage) -> None:
        await self.raw_write("", "order", TRUNCATED)
        for _ in range(10):
            with pytest.raises(CorruptDocumentError):
                await storage.get_state("order")

        await storage.set_state("other order", PASTA)

        assert await storage.get_state("other order") == PASTA

    async def test_a_damaged_document_in_a_namespace_is_an_error_too(self, storage: BaseStorage) -> None:
        view = storage.namespace("plugin")
        await self.raw_write("plugin", "order", TRUNCATED)

        with pytest.raises(CorruptDocumentError):
            await view.get_state("order")
        assert await storage.get_state("order") is None
