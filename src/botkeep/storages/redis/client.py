"""What redis-py's clients tell: where their servers are, and how to connect to them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis, RedisCluster, SSLConnection
from redis.asyncio.sentinel import SentinelConnectionPool

from botkeep.storages.redis.cluster import Cluster
from botkeep.storages.redis.pipeline import ServerPipeline
from botkeep.storages.redis.topology import SingleServer

if TYPE_CHECKING:
    from botkeep.storages.redis.topology import Topology
    from botkeep.ttl import Clock


def describe_address(client: object) -> str:
    """Return a client's address, without user and password.

    Raises:
        TypeError: it is not one of redis-py's asynchronous clients.
    """
    if isinstance(client, RedisCluster):
        return "cluster " + ", ".join(client.nodes_manager.startup_nodes)
    if not isinstance(client, Redis):
        kind = f"{type(client).__module__}.{type(client).__name__}"
        raise TypeError(f"client must be a redis.asyncio.Redis or RedisCluster, not a {kind}")
    pool = client.connection_pool
    if isinstance(pool, SentinelConnectionPool):
        return f"sentinel {pool.service_name}"
    scheme = "rediss" if issubclass(pool.connection_class, SSLConnection) else "redis"
    return _url(scheme, pool.connection_kwargs)


def _url(scheme: str, settings: dict[str, Any]) -> str:
    database = settings.get("db") or 0
    if settings.get("path"):
        return f"unix://{settings['path']}?db={database}"
    return f"{scheme}://{settings.get('host', 'localhost')}:{settings.get('port', 6379)}/{database}"


def topology_of(client: Redis | RedisCluster, *, name: str, clock: Clock, timeout: float) -> Topology:
    """Return the servers behind a client, not yet connected.

    Args:
        client: one of redis-py's.
        name: the storage's name, for errors.
        clock: the storage's clock.
        timeout: seconds that opening may take.
    """
    open_pipeline = partial(ServerPipeline, name=name, clock=clock)
    if isinstance(client, RedisCluster):
        return Cluster(client, open_pipeline, name=name, timeout=timeout)
    return SingleServer(client, open_pipeline, name=name)
