"""What a process keeps in memory of its documents: themselves, and little beside."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from botkeep import FileStorage, MemoryStorage
from botkeep.abc import BaseStorage
from botkeep.documents import encode

DOCUMENT = {"name": "Order:address", "note": "x" * 500}
MANY = 300
BESIDE = 1_000
"""Bytes for a document's identifier, its entry, and the places of both."""


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def taken() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def fill(storage: BaseStorage) -> None:
    await asyncio.gather(*(storage.set_state(f"order:{number}", DOCUMENT) for number in range(MANY)))


@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize(
    "document",
    [DOCUMENT, {**DOCUMENT, "due": datetime(2026, 3, 14, tzinfo=timezone.utc)}, {**DOCUMENT, "set": {1, 2}}],
    ids=["plain", "with a moment", "with a set"],
)
def test_an_encoded_document_takes_its_own_length(document: Any) -> None:
    encode(document)
    before = taken()
    kept = [encode(document) for _ in range(MANY)]

    assert taken() - before < MANY * (len(kept[0]) + 100)


@pytest.mark.usefixtures("_traced")
async def test_a_document_in_memory_storage_takes_little_more_than_its_length() -> None:
    async with MemoryStorage() as storage:
        before = taken()
        await fill(storage)

        assert taken() - before < MANY * (len(encode(DOCUMENT)) + BESIDE)


@pytest.mark.usefixtures("_traced")
async def test_a_document_read_from_a_file_takes_little_more_than_twice_its_length(tmp_path: Path) -> None:
    """It is kept as it is, and as it is laid out in the file."""
    async with FileStorage(tmp_path / "bot.json") as storage:
        await fill(storage)
    before = taken()
    async with FileStorage(tmp_path / "bot.json"):
        assert taken() - before < MANY * (2 * len(encode(DOCUMENT)) + BESIDE)
