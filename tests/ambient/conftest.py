"""A storage of their own for the ambient stores of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.servers.redis_aging import aging_storage

from botkeep import FileStorage, MemoryStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.ambient.configuration import choice
from botkeep.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", "file", "redis"])
async def storage(
    request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[BaseStorage]:
    storages: dict[str, Callable[[], BaseStorage]] = {
        "memory": lambda: MemoryStorage(clock=clock),
        "sqlite": lambda: SQLiteStorage(tmp_path / "ambient.db", clock=clock),
        "file": lambda: FileStorage(tmp_path / "ambient.json", clock=clock),
        "redis": lambda: aging_storage(request.getfixturevalue("empty_redis"), clock),
    }
    async with storages[request.param]() as storage:
        monkeypatch.setattr(choice, "configured", storage)
        yield storage
