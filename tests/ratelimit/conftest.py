"""The storages and the clock that limits are tested on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis import Redis
from tests.servers.redis_server import RedisServer
from tests.servers.redis_time import grow_older

from holdfast import FileStorage, MemoryStorage, RedisStorage, SQLiteStorage
from holdfast.abc import BaseStorage
from holdfast.ratelimit.strategies import StrategyName
from holdfast.testing import FakeClock


def redis_storage(server: RedisServer, clock: FakeClock) -> RedisStorage:
    """A storage on a server whose keys grow older with the clock."""

    def advance(seconds: float) -> None:
        FakeClock.advance(clock, seconds)
        with Redis.from_url(server.url) as driver:
            grow_older(driver, seconds)

    clock.advance = advance  # type: ignore[method-assign] # the server has no clock to move
    return RedisStorage.from_url(server.url, clock=clock)


class PlainStorage(MemoryStorage):
    """A storage of somebody's own, which knows nothing of rate limits."""

    _hit = BaseStorage._hit


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
        "redis": lambda: redis_storage(request.getfixturevalue("empty_redis"), clock),
        "plain": lambda: PlainStorage(clock=clock),
    }
    async with storages[request.param]() as storage:
        yield storage


@pytest.fixture(params=["fixed", "sliding", "gcra"])
def strategy(request: pytest.FixtureRequest) -> StrategyName:
    name: StrategyName = request.param
    return name
