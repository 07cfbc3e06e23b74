"""RedisStorage keeps the laws, on one server and on a Cluster of three."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis, RedisCluster
from redis import asyncio as aioredis
from tests.servers.kinds import on_redis_and_valkey
from tests.servers.redis_cluster import Cluster
from tests.servers.redis_server import RedisServer
from tests.servers.redis_time import grow_older

from botkeep.storages.redis import RedisStorage
from botkeep.storages.redis.keys import KeySpace
from botkeep.testing import StorageContract

KEYS = KeySpace("botkeep:")


class RedisContract(StorageContract):
    """The laws, with a driver's own commands behind the storage's back."""

    driver: Redis | RedisCluster

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        value = self.driver.get(KEYS.key(namespace, identifier))
        assert value is None or isinstance(value, bytes)
        return value

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        self.driver.set(KEYS.key(namespace, identifier), value)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        grow_older(self.driver, seconds)


class OneServerContract(RedisContract):
    @pytest.fixture(autouse=True)
    def server(self, empty_redis: RedisServer) -> Iterator[None]:
        self.port = empty_redis.port
        with Redis(port=self.port) as self.driver:
            yield

    def create(self, *, default_ttl: float | None = None) -> RedisStorage:
        client = aioredis.Redis(port=self.port)
        return RedisStorage(client, default_ttl=default_ttl, clock=self.clock)


@on_redis_and_valkey
class TestRedisStorage(OneServerContract):
    pass


class TestRedisStorageOnAnotherClient(OneServerContract):
    """With what is not the default in redis-py 8: RESP2, and replies decoded to str."""

    def create(self, *, default_ttl: float | None = None) -> RedisStorage:
        client = aioredis.Redis(port=self.port, protocol=2, decode_responses=True)
        return RedisStorage(client, default_ttl=default_ttl, clock=self.clock)


class TestRedisStorageOnACluster(RedisContract):
    @pytest.fixture(autouse=True)
    def cluster(self, empty_redis_cluster: Cluster) -> Iterator[None]:
        self.port = empty_redis_cluster.nodes[0].port
        with RedisCluster(host="127.0.0.1", port=self.port) as self.driver:
            yield

    def create(self, *, default_ttl: float | None = None) -> RedisStorage:
        client = aioredis.RedisCluster(host="127.0.0.1", port=self.port)
        return RedisStorage(client, default_ttl=default_ttl, clock=self.clock)
