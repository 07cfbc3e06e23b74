"""Real servers for tests: the shared ones start once, when first asked for, and are killed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    # Imported where they are used: who runs other tests need not have redis-py.
    from tests.servers.redis_cluster import Cluster
    from tests.servers.redis_sentinel import SentinelPair
    from tests.servers.redis_server import RedisServer

__all__ = [
    "empty_redis",
    "empty_redis_cluster",
    "redis_cluster",
    "redis_kind",
    "redis_server",
    "sentinel_pair",
    "start_redis",
]


@pytest.fixture(scope="session")
def redis_kind(request: pytest.FixtureRequest) -> str:
    """Which server "Redis" is for a test: `tests.servers.kinds.on_redis_and_valkey` names them."""
    from tests.servers.redis_server import DEFAULT_KIND

    kind: str = getattr(request, "param", DEFAULT_KIND)
    return kind


@pytest.fixture(scope="session")
def redis_server(redis_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for all tests that do it no harm; each cleans up what it needs clean."""
    from tests.servers.redis_server import RedisServer

    with RedisServer(tmp_path_factory.mktemp("redis"), kind=redis_kind) as server:
        yield server


@pytest.fixture
def empty_redis(redis_server: RedisServer) -> RedisServer:
    """The shared server, with nothing in it."""
    redis_server.run("FLUSHALL")
    return redis_server


@pytest.fixture
def start_redis(redis_kind: str, tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Start servers of the test's own, with such options; they may be killed."""
    from tests.servers.redis_server import RedisServer

    with ExitStack() as servers:
        yield lambda *options: servers.enter_context(RedisServer(tmp_path, *options, kind=redis_kind))


@pytest.fixture(scope="session")
def redis_cluster(redis_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Cluster of three primaries for all tests that leave it as it is."""
    from tests.servers.redis_cluster import started_cluster

    with started_cluster(tmp_path_factory.mktemp("cluster"), redis_kind) as cluster:
        yield cluster


@pytest.fixture
def empty_redis_cluster(redis_cluster: Cluster) -> Cluster:
    """The shared Cluster, with nothing in it."""
    redis_cluster.flush()
    return redis_cluster


@pytest.fixture
def sentinel_pair(redis_kind: str, tmp_path: Path) -> Iterator[SentinelPair]:
    """A master, a replica and a Sentinel of the test's own."""
    from tests.servers.redis_sentinel import started_sentinel_pair

    with started_sentinel_pair(tmp_path, redis_kind) as pair:
        yield pair
