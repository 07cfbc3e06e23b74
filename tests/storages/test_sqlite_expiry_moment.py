"""At the very moment of its expiry a document is absent, for every verb; a moment earlier it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from botkeep import FileStorage, MemoryStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.testing import FakeClock

MAKE: dict[str, Any] = {
    "memory": lambda _, clock: MemoryStorage(clock=clock),
    "sqlite": lambda path, clock: SQLiteStorage(path, clock=clock),
    "file": lambda path, clock: FileStorage(path, clock=clock),
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=list(MAKE))
async def storage(request: pytest.FixtureRequest, path: Path, clock: FakeClock) -> AsyncIterator[BaseStorage]:
    """A storage with documents, some in a namespace, at the moment when all but one expire."""
    async with MAKE[request.param](path, clock) as storage:
        await storage.set_state("kept", 1, ttl=61)
        for view in (storage, storage.namespace("inner")):
            await view.set_state("order", 1, ttl=60)
            await view.increment("count", 5, ttl=60)
        clock.advance(60)
        yield storage


async def test_it_is_read_by_no_verb(storage: BaseStorage) -> None:
    assert await storage.get_state("order") is None
    assert not await storage.exists("order")
    assert await storage.get_ttl("order") is None
    assert await storage.list_keys() == ["kept"]
    assert await storage.list_namespaces() == []


async def test_it_is_counted_by_no_verb(storage: BaseStorage) -> None:
    assert await storage.namespace("inner").clear_namespace() == 0
    assert await storage.clear_namespace() == 1


async def test_it_is_changed_by_no_verb(storage: BaseStorage) -> None:
    assert not await storage.touch("order", ttl=60)
    assert not await storage.delete_state("order")
    assert await storage.increment("count") == 1
    assert await storage.compare_and_set("order", 2, expected=None)


async def test_a_moment_earlier_it_was_there(storage: BaseStorage, clock: FakeClock) -> None:
    await storage.set_state("order", 1, ttl=60)
    clock.advance(59.999)

    assert await storage.get_state("order") == 1
    assert await storage.list_keys() == ["order"]
    assert await storage.clear_namespace() == 1
