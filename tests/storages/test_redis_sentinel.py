"""A master behind Sentinel: a failover costs time, and no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis import asyncio as aioredis
from tests.servers.kinds import on_redis_and_valkey
from tests.servers.redis_sentinel import SERVICE, SentinelPair
from tests.servers.redis_server import until

from botkeep.storages.redis import RedisStorage


@pytest.fixture
async def sentinel(sentinel_pair: SentinelPair) -> AsyncIterator[aioredis.Sentinel]:
    """redis-py's client of the Sentinel."""
    sentinel = aioredis.Sentinel([("127.0.0.1", sentinel_pair.sentinel.port)])  # type: ignore[no-untyped-call] # redis-py has no types for it
    yield sentinel
    # Sentinel.aclose came with redis-py 8.
    await asyncio.gather(*(client.aclose() for client in sentinel.sentinels))


@on_redis_and_valkey
async def test_a_failover_by_sentinel_is_ridden_out(
    sentinel_pair: SentinelPair, sentinel: aioredis.Sentinel
) -> None:
    async with RedisStorage(sentinel.master_for(SERVICE), timeout=10) as storage:
        await storage.set_state("order", "before")
        assert await storage.increment("count") == 1
        until(lambda: sentinel_pair.replica.run("GET", "botkeep::count") == b"1", "the replica")
        sentinel_pair.master.kill()
        totals = await asyncio.gather(*(storage.increment("count") for _ in range(10)))

        assert totals == list(range(2, 12))
        assert await storage.get_state("order") == "before"
        assert sentinel_pair.replica.run("GET", "botkeep::count") == b"11"


async def test_a_demoted_master_is_left_for_the_new_one(
    sentinel_pair: SentinelPair, sentinel: aioredis.Sentinel
) -> None:
    async with RedisStorage(sentinel.master_for(SERVICE), timeout=10) as storage:
        await storage.set_state("order", "before")
        sentinel_pair.change_places()
        outcomes = await asyncio.gather(*(storage.increment("count") for _ in range(10)))

        assert sorted(outcomes) == list(range(1, 11))
        assert sentinel_pair.replica.run("GET", "botkeep::count") == b"10"
