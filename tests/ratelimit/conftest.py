"""The storages and the clock that limits are tested on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.servers.redis_aging import aging_storage

from botkeep import FileStorage, MemoryStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.ratelimit.strategies import StrategyName
from botkeep.testing import FakeClock


class PlainStorage(MemoryStorage):
    """A storage of somebody's own, which knows nothing of rate limits."""

    async def _apply(self, namespace: str, identifier: str, operation: Any) -> Any:
        return await super()._apply(namespace, identifier, operation.__call__)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", "file", "redis", "plain"])
async def storage(
    request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[BaseStorage]:
    storages: dict[str, Callable[[], BaseStorage]] = {
        "memory": lambda: MemoryStorage(clock=clock),
        "sqlite": lambda: SQLiteStorage(tmp_path / "limits.db", clock=clock),
        "file": lambda: FileStorage(tmp_path / "limits.json", clock=clock),
        "redis": lambda: aging_storage(request.getfixturevalue("empty_redis"), clock),
        "plain": lambda: PlainStorage(clock=clock),
    }
    async with storages[request.param]() as storage:
        yield storage


@pytest.fixture(params=["fixed", "sliding", "gcra"])
def strategy(request: pytest.FixtureRequest) -> StrategyName:
    name: StrategyName = request.param
    return name
