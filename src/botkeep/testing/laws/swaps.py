"""Law 6: compare-and-set compares values, and one of many wins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA, numbered

EQUAL: list[tuple[Any, Any]] = [
    (1, 1.0),
    (1.0, 1),
    (0.0, -0.0),
    (True, 1),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": [{"x": 1, "y": {"p": 1, "q": 2}}]}, {"a": [{"y": {"q": 2, "p": 1.0}, "x": True}]}),
    ([1, 2], (1, 2)),
    ({1: "a"}, {"1": "a"}),
    ({1, 2, 3}, {3, 2, 1}),
    ({1, 2}, frozenset({1, 2})),
    (2**70, 2**70),
]

DIFFERENT: list[tuple[Any, Any]] = [
    (1, 2),
    (1, "1"),
    (0, ""),
    ([], {}),
    ([1, 2], [2, 1]),
    ([], None),
    (2**53, 2**53 + 1),
    ("a", "A"),
    ("é", "e\u0301"),
    ({"a": 1}, {"a": 1, "b": None}),
    ({"a": {"b": 1}}, {"a": {"b": 2}}),
    ({"name": "x", "data": {}, "version": 1}, {"name": "x", "data": {}, "version": 2}),
]


class SwapLaws(StorageUnderTest):
    """Law 6. compare_and_set compares values, all of them, and exactly one of many wins."""

    async def test_a_swap_wins_when_the_document_is_as_expected(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        assert await storage.compare_and_set("order", PASTA, expected=PIZZA) is True
        assert await storage.get_state("order") == PASTA

    async def test_a_swap_loses_when_the_document_is_another(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        assert await storage.compare_and_set("order", numbered(1), expected=PASTA) is False
        assert await storage.get_state("order") == PIZZA

    async def test_a_swap_loses_when_there_is_no_document(self, storage: BaseStorage) -> None:
        assert not await storage.compare_and_set("order", PASTA, expected=PIZZA)
        assert not await storage.exists("order")

    async def test_expecting_none_means_that_there_must_be_no_document(self, storage: BaseStorage) -> None:
        assert await storage.compare_and_set("order", PIZZA, expected=None)
        assert not await storage.compare_and_set("order", PASTA, expected=None)
        assert await storage.get_state("order") == PIZZA

    async def test_a_stored_none_is_a_document(self, storage: BaseStorage) -> None:
        await storage.set_state("order", None)

        assert not await storage.compare_and_set("order", PIZZA, expected=None)
        assert await storage.get_state("order", "absent") is None

    async def test_a_deleted_document_is_absent(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)
        await storage.delete_state("order")

        assert not await storage.compare_and_set("order", PASTA, expected=PIZZA)
        assert await storage.compare_and_set("order", PASTA, expected=None)

    @pytest.mark.parametrize(("stored", "expected"), EQUAL, ids=repr)
    async def test_values_that_python_calls_equal_are_equal(
        self, storage: BaseStorage, stored: Any, expected: Any
    ) -> None:
        await storage.set_state("order", stored)

        assert await storage.compare_and_set("order", PASTA, expected=expected)
        assert await storage.get_state("order") == PASTA

    @pytest.mark.parametrize(("stored", "expected"), DIFFERENT, ids=repr)
    async def test_values_that_differ_anywhere_are_different(
        self, storage: BaseStorage, stored: Any, expected: Any
    ) -> None:
        await storage.set_state("order", stored)

        assert not await storage.compare_and_set("order", PASTA, expected=expected)
        assert await storage.get_state("order") == stored

    async def test_a_swap_with_what_was_just_stored_wins(self, storage: BaseStorage) -> None:
        document = {"name": "Order:size", "data": {"sizes": ("small", "large"), "prices": {1: 9.5}}}
        await storage.set_state("order", document)

        assert await storage.compare_and_set("order", PASTA, expected=document)

    async def test_a_swap_for_the_same_value_wins(self, storage: BaseStorage) -> None:
        await storage.set_state("order", PIZZA)

        assert await storage.compare_and_set("order", PIZZA, expected=PIZZA)

    @pytest.mark.parametrize("before", [None, PIZZA], ids=["absent", "present"])
    async def test_exactly_one_of_many_at_once_wins(
        self, storage: BaseStorage, other: BaseStorage, before: Any
    ) -> None:
        if before is not None:
            await storage.set_state("order", before)

        swaps = [
            (storage, other)[number % 2].compare_and_set("order", numbered(number), expected=before)
            for number in range(40)
        ]
        won = await asyncio.gather(*swaps)

        assert won.count(True) == 1
        assert await storage.get_state("order") == numbered(won.index(True))
