"""Law 11: one glob dialect, the same answers everywhere."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from botkeep.abc import BaseStorage
from botkeep.patterns import escape_pattern
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.laws.identifiers import HOSTILE
from botkeep.testing.samples import PIZZA

KEYS: Final = [
    "user:1", "user:2", "user:10", "user:1:cart", "User:1", "users", "chat:1", "a*c", "abc", "aXc", "a?c",
    "ac", "a[c", "a]c", "a[b]c", "a^c", "a!c", "a-c", "a\\c", "a\\*c", "a\nc", "[abc", "é1", "👩:1",
    "\U0010ffff:1",
]  # fmt: skip

ANSWERS: Final[dict[str, list[str]]] = {
    "*": KEYS,
    "**": KEYS,
    "?*": KEYS,
    "": [],
    "nothing*": [],
    "user:1": ["user:1"],
    "user:*": ["user:1", "user:2", "user:10", "user:1:cart"],
    "user*": ["user:1", "user:2", "user:10", "user:1:cart", "users"],
    "user:?": ["user:1", "user:2"],
    "user:??": ["user:10"],
    "user:1*": ["user:1", "user:10", "user:1:cart"],
    "*:1": ["user:1", "User:1", "chat:1", "👩:1", "\U0010ffff:1"],
    "*er:*": ["user:1", "user:2", "user:10", "user:1:cart", "User:1"],
    "[uU]ser:1": ["user:1", "User:1"],
    "user:[0-9]": ["user:1", "user:2"],
    "user:[!1]": ["user:2"],
    "user:[!1]*": ["user:2"],
    "USER:*": [],
    "a?c": ["a*c", "abc", "aXc", "a?c", "a[c", "a]c", "a^c", "a!c", "a-c", "a\\c", "a\nc"],
    "a*c": [key for key in KEYS if key.startswith("a")],
    "a[*]c": ["a*c"],
    "a[?]c": ["a?c"],
    "a[[]c": ["a[c"],
    "a[]]c": ["a]c"],
    "a[b]c": ["abc"],
    "a[[]b]c": ["a[b]c"],
    "a[a-z]c": ["abc"],
    "a[!a-z]c": ["a*c", "aXc", "a?c", "a[c", "a]c", "a^c", "a!c", "a-c", "a\\c", "a\nc"],
    "a[^b]c": ["abc", "a^c"],
    "a[!^]c": ["a*c", "abc", "aXc", "a?c", "a[c", "a]c", "a!c", "a-c", "a\\c", "a\nc"],
    "a[b-]c": ["abc", "a-c"],
    "a[z-a]c": [],
    "a\\c": ["a\\c"],
    "a\\*c": ["a\\c", "a\\*c"],
    "a[\\]c": ["a\\c"],
    "[abc": ["[abc"],
    "a[c": ["a[c"],
    "*[c": ["a[c"],
    "[!": [],
    "é?": ["é1"],
    "👩*": ["👩:1"],
    "?:1": ["👩:1", "\U0010ffff:1"],
    "\U0010ffff*": ["\U0010ffff:1"],
    "a\0*": [],
    "\ud800*": [],
    "[\ud800]*": [],
}


class PatternLaws(StorageUnderTest):
    """Law 11. One glob dialect, the same answers on every storage."""

    @pytest.mark.parametrize("pattern", ANSWERS, ids=ascii)
    async def test_a_pattern_matches_what_the_dialect_says(self, storage: BaseStorage, pattern: str) -> None:
        await asyncio.gather(*(storage.set_state(key, PIZZA) for key in KEYS))

        assert await storage.list_keys(pattern) == sorted(ANSWERS[pattern])

    async def test_an_escaped_text_matches_itself_and_nothing_else(self, storage: BaseStorage) -> None:
        await asyncio.gather(*(storage.set_state(key, PIZZA) for key in HOSTILE))

        found = [await storage.list_keys(escape_pattern(key)) for key in HOSTILE]

        assert found == [[key] for key in HOSTILE]

    async def test_an_escaped_text_can_begin_a_pattern(self, storage: BaseStorage) -> None:
        await asyncio.gather(*(storage.set_state(key, PIZZA) for key in HOSTILE))

        found = [await storage.list_keys(escape_pattern(key) + "*") for key in HOSTILE]

        assert found == [sorted(key for key in HOSTILE if key.startswith(head)) for head in HOSTILE]

    @pytest.mark.parametrize("pattern", [None, 5, b"*", ["*"]], ids=repr)
    async def test_a_pattern_is_a_text(self, storage: BaseStorage, pattern: Any) -> None:
        with pytest.raises(TypeError):
            await storage.list_keys(pattern)

    @pytest.mark.parametrize("pattern", ["*", "user:*", "*:1"])
    async def test_a_scan_streams_what_a_listing_lists(self, storage: BaseStorage, pattern: str) -> None:
        await asyncio.gather(*(storage.set_state(key, PIZZA) for key in KEYS))

        streamed = [key async for key in storage.scan(pattern)]

        assert sorted(streamed) == await storage.list_keys(pattern)

    async def test_thousands_are_listed_once_each_and_cleared(self, storage: BaseStorage) -> None:
        keys = [f"user:{number:04}" for number in range(2_500)]
        await asyncio.gather(*(storage.increment(key) for key in [*keys, "other"]))

        assert await storage.list_keys("user:*") == keys
        assert await storage.list_keys("user:1??0") == [f"user:1{middle:02}0" for middle in range(100)]
        assert await storage.clear_namespace() == 2_501
        assert await storage.list_keys() == []

    async def test_what_stays_during_a_scan_is_found(self, storage: BaseStorage) -> None:
        stays = [f"stays:{number:04}" for number in range(1_500)]
        goes = [f"goes:{number:04}" for number in range(1_500)]
        await asyncio.gather(*(storage.increment(key) for key in stays + goes))

        found = []
        async for key in storage.scan():
            found.append(key)
            if len(found) % 300 == 0:
                await asyncio.gather(*(storage.delete_state(goes.pop()) for _ in range(100)))
                await storage.increment(f"comes:{len(found)}")

        assert len(found) == len(set(found))
        assert set(stays) <= set(found)

    async def test_a_scan_may_be_left_early(self, storage: BaseStorage) -> None:
        await asyncio.gather(*(storage.set_state(key, PIZZA) for key in KEYS))

        async for _ in storage.scan():
            break

        assert await storage.clear_namespace() == len(KEYS)

    async def test_clearing_nothing_counts_nothing(self, storage: BaseStorage) -> None:
        assert await storage.clear_namespace() == 0
