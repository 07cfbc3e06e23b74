"""The storages and the clock that limits are tested on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast import MemoryStorage, SQLiteStorage
from holdfast.abc import BaseStorage
from holdfast.ratelimit.strategies import StrategyName
from holdfast.storages.file import FileStorage
from holdfast.testing import FakeClock


class PlainStorage(MemoryStorage):
    """A storage of somebody's own, which knows nothing of rate limits."""

    _hit = BaseStorage._hit


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", "file", "plain"])
async def storage(
    request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[BaseStorage]:
    storages: dict[str, BaseStorage] = {
        "memory": MemoryStorage(clock=clock),
        "sqlite": SQLiteStorage(tmp_path / "limits.db", clock=clock),
        "file": FileStorage(tmp_path / "limits.json", clock=clock),
        "plain": PlainStorage(clock=clock),
    }
    async with storages[request.param] as storage:
        yield storage


@pytest.fixture(params=["fixed", "sliding", "gcra"])
def strategy(request: pytest.FixtureRequest) -> StrategyName:
    name: StrategyName = request.param
    return name
