"""RedisStorage beside a plain dict, for as long as Hypothesis likes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import settings
from redis import Redis, RedisCluster
from redis import asyncio as aioredis
from tests.servers.redis_cluster import Cluster
from tests.servers.redis_server import RedisServer
from tests.servers.redis_time import grow_older

from botkeep.storages.redis import RedisStorage
from botkeep.testing.machine import StorageMachine


class RedisMachine(StorageMachine):
    driver: ClassVar[Redis | RedisCluster]
    port: ClassVar[int]

    def create(self) -> RedisStorage:
        self.driver.flushall()
        return RedisStorage(aioredis.Redis(port=self.port), clock=self.clock)

    def advance(self, time: float) -> None:
        super().advance(time)
        grow_older(self.driver, time)


class RedisClusterMachine(RedisMachine):
    def create(self) -> RedisStorage:
        self.driver.flushall(target_nodes=RedisCluster.PRIMARIES)
        return RedisStorage(aioredis.RedisCluster(host="127.0.0.1", port=self.port), clock=self.clock)


@pytest.fixture(scope="module", autouse=True)
def drivers(redis_server: RedisServer, redis_cluster: Cluster) -> Iterator[None]:
    RedisMachine.port = redis_server.port
    RedisClusterMachine.port = redis_cluster.nodes[0].port
    with (
        Redis(port=RedisMachine.port) as RedisMachine.driver,
        RedisCluster(host="127.0.0.1", port=RedisClusterMachine.port) as RedisClusterMachine.driver,
    ):
        yield


TestRedisMachine = RedisMachine.TestCase
TestRedisMachine.settings = settings(max_examples=25, stateful_step_count=40)

TestRedisClusterMachine = RedisClusterMachine.TestCase
TestRedisClusterMachine.settings = settings(max_examples=10, stateful_step_count=40)
