"""Law 1: what may be stored, and as what it comes back."""

from __future__ import annotations

import math
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.errors import DocumentError
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PIZZA
from botkeep.testing.values import CIRCULAR, CONVERTED, DEEP, REFUSED, UNCHANGED, named, same


class ValueLaws(StorageUnderTest):
    """Law 1. A document comes back as what it was; what cannot come back is refused."""

    @pytest.mark.parametrize("value", UNCHANGED, ids=named)
    async def test_a_value_comes_back_as_what_it_was(self, storage: BaseStorage, value: Any) -> None:
        await storage.set_state("order", value)

        assert same(await storage.get_state("order", "absent"), value)

    @pytest.mark.parametrize("value", UNCHANGED, ids=named)
    async def test_a_value_inside_a_document_comes_back_as_what_it_was(
        self, storage: BaseStorage, value: Any
    ) -> None:
        document = {"name": "Order:size", "data": {"value": value, "values": [value]}}

        await storage.set_state("order", document)

        assert same(await storage.get_state("order"), document)

    @pytest.mark.parametrize(("value", "becomes"), CONVERTED, ids=named)
    async def test_a_value_that_json_lacks_becomes_its_closest_kin(
        self, storage: BaseStorage, value: Any, becomes: Any
    ) -> None:
        await storage.set_state("order", {"name": None, "data": {"value": value}})

        assert same(await storage.get_state("order"), {"name": None, "data": {"value": becomes}})

    async def test_a_large_document_comes_back_whole(self, storage: BaseStorage) -> None:
        document = {"name": None, "data": {str(number): "ü" * 100 for number in range(5_000)}}

        await storage.set_state("order", document)

        assert await storage.get_state("order") == document

    @pytest.mark.parametrize(("value", "path"), REFUSED, ids=named)
    async def test_a_refused_value_is_named_by_its_path_and_nothing_is_written(
        self, storage: BaseStorage, value: Any, path: str
    ) -> None:
        await storage.set_state("order", PIZZA)

        with pytest.raises(DocumentError) as caught:
            await storage.set_state("order", value)

        assert caught.value.path == path
        assert await storage.get_state("order") == PIZZA

    @pytest.mark.parametrize("value", [CIRCULAR, DEEP], ids=["circular", "deep"])
    async def test_a_value_without_an_end_is_refused(self, storage: BaseStorage, value: Any) -> None:
        with pytest.raises(DocumentError):
            await storage.set_state("order", value)

        assert await storage.list_keys() == []

    async def test_every_verb_that_writes_refuses_what_is_no_document(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        with pytest.raises(DocumentError, match="price"):
            await storage.compare_and_set("order", {"price": math.nan}, expected=PIZZA)
        with pytest.raises(DocumentError, match="price"):
            await storage.compare_and_set("order", PIZZA, expected={"price": math.nan})
        with pytest.raises(DocumentError, match="price"):
            await storage.update("order", lambda _: {"price": math.nan})
        assert await storage.get_state("order") == PIZZA

    async def test_a_stored_none_is_told_from_an_absent_document(self, storage: BaseStorage) -> None:
        await storage.set_state("order", None)

        assert await storage.get_state("order", "absent") is None
        assert await storage.exists("order")
        assert await storage.get_state("another", "absent") == "absent"
