"""A storage of their own for the ambient stores of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast import MemoryStorage, SQLiteStorage
from holdfast._ambient_storage import choice
from holdfast.abc import BaseStorage
from holdfast.storages.file import FileStorage
from holdfast.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", "file"])
async def storage(
    request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[BaseStorage]:
    storages: dict[str, BaseStorage] = {
        "memory": MemoryStorage(clock=clock),
        "sqlite": SQLiteStorage(tmp_path / "ambient.db", clock=clock),
        "file": FileStorage(tmp_path / "ambient.json", clock=clock),
    }
    async with storages[request.param] as storage:
        monkeypatch.setattr(choice, "configured", storage)
        yield storage
