"""Law 10: which identifiers there are, and that each is its own."""

from __future__ import annotations

import enum
from typing import Any, Final

import pytest

from botkeep.abc import BaseStorage
from botkeep.errors import IdentifierError
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PIZZA, numbered
from botkeep.testing.verbs import ON_ONE_DOCUMENT, Call

HOSTILE: Final = [
    "a", "A", "a ", " a", "  a", "a\n", "a\r\n", "\ta", "a\\", "a\\\\", "'", '"', "`", "a;b", "--", "0", "00",
    "*", "?", "[a]", "[!a]", "[^a]", "[", "]", "a*", "a?", "a%", "a_b", "aXb", "%", "_", "%25", "%2F",
    "a:b", "a::b", ":", "a/b", "a//b", "/", "..", "../a", ".", "{a}", "{a}b", "a{b}", "$a", "#", "a.b", "a,b",
    "é", "e\u0301", "É", "ß", "ss", "SS", "\u0131", "i", "I", "İ", "ﬀ", "ff", "\uff21", "\u0391", "\u0410",
    "\x01", "\x1f", "\x7f", "\x80", "\u200b", "\ufeff", "a\ufeff", "\u2028", "\ufffd", "\ufffe", "\uffff",
    "👩", "👩\u200d🚀", "🇩🇪", "\U0010ffff", "\ue000", "\ud7ff",
    "None", "null", "NULL", "true", "'; DROP TABLE documents; --", "x" * 1024, "é" * 512, "👩" * 256,
]  # fmt: skip

REFUSED: Final[list[Any]] = [
    "",
    "a\0b",
    "\0",
    "\ud800",
    "a\udfffb",
    "x" * 1025,
    "é" * 512 + "x",
    None,
    5,
    b"a",
]


class Key(str, enum.Enum):
    ORDER = "order"


class IdentifierLaws(StorageUnderTest):
    """Law 10. Any text of up to 1,024 bytes is an identifier, and different ones are kept apart."""

    async def test_identifiers_that_look_alike_are_kept_apart(self, storage: BaseStorage) -> None:
        for number, identifier in enumerate(HOSTILE):
            await storage.set_state(identifier, numbered(number))

        found = [await storage.get_state(identifier) for identifier in HOSTILE]

        assert found == [numbered(number) for number in range(len(HOSTILE))]

    async def test_identifiers_come_back_from_a_listing_as_they_went_in(self, storage: BaseStorage) -> None:
        for identifier in HOSTILE:
            await storage.set_state(identifier, PIZZA)

        assert await storage.list_keys() == sorted(HOSTILE)

    async def test_counters_of_identifiers_that_look_alike_are_kept_apart(self, storage: BaseStorage) -> None:
        for number, identifier in enumerate(HOSTILE):
            await storage.increment(identifier, number)

        totals = [await storage.increment(identifier, 0) for identifier in HOSTILE]

        assert totals == list(range(len(HOSTILE)))

    async def test_deleting_one_identifier_deletes_no_other(self, storage: BaseStorage) -> None:
        for identifier in HOSTILE:
            await storage.set_state(identifier, PIZZA)

        for position, identifier in enumerate(HOSTILE):
            assert await storage.delete_state(identifier)
            assert len(await storage.list_keys()) == len(HOSTILE) - position - 1

    async def test_a_member_of_a_str_enum_is_its_value(self, storage: BaseStorage) -> None:
        await storage.set_state(Key.ORDER, PIZZA)

        assert await storage.get_state("order") == PIZZA
        assert await storage.list_keys() == ["order"]

    @pytest.mark.parametrize("identifier", REFUSED, ids=lambda value: ascii(value)[:20])
    @pytest.mark.parametrize("call", ON_ONE_DOCUMENT.values(), ids=ON_ONE_DOCUMENT)
    async def test_every_verb_refuses_what_is_no_identifier(
        self, storage: BaseStorage, call: Call, identifier: Any
    ) -> None:
        with pytest.raises(IdentifierError) as caught:
            await call(storage, identifier)

        assert caught.value.identifier == identifier
        assert isinstance(caught.value, ValueError)
        assert await storage.list_keys() == []
