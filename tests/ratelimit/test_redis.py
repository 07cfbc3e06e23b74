"""Limits on Redis: the step in Lua, and machines that share it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.asyncio import RedisCluster
from tests.servers.redis_cluster import Cluster
from tests.servers.redis_server import RedisServer

from botkeep import CorruptDocumentError, RateLimiter, RedisStorage
from botkeep.ratelimit.decisions import Hit, Limits, decide
from botkeep.ratelimit.strategies import Quota, StrategyName
from botkeep.testing import FakeClock

HITTER = """
import asyncio, sys
from botkeep import RateLimiter, RedisStorage

async def main(url, strategy):
    async with RedisStorage.from_url(url, clock=lambda: 1_800_000_000.0) as storage:
        limiter = RateLimiter(storage, "50/minute", strategy=strategy)
        verdicts = await asyncio.gather(*(limiter.hit("spammer") for _ in range(50)))
        print(sum(verdict.allowed for verdict in verdicts))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_of_200_hits_from_4_processes_exactly_the_limit_is_allowed(
    empty_redis: RedisServer, strategy: StrategyName
) -> None:
    async def hit() -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HITTER, empty_redis.url, strategy, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        return int(output)

    assert sum(await asyncio.gather(*(hit() for _ in range(4)))) == 50


async def test_a_hit_is_one_script_and_nothing_else(
    empty_redis: RedisServer, strategy: StrategyName, clock: FakeClock
) -> None:
    async with RedisStorage.from_url(empty_redis.url, clock=clock) as storage:
        limiter = RateLimiter(storage, ["5/minute", "100/hour"], strategy=strategy)
        await limiter.hit("alice")
        empty_redis.run("CONFIG", "RESETSTAT")
        for _ in range(8):
            await limiter.hit("alice")
        with Redis.from_url(empty_redis.url) as driver:
            counts = {name: stats["calls"] for name, stats in driver.info("commandstats").items()}

    assert counts.get("cmdstat_eval", 0) + counts.get("cmdstat_evalsha", 0) == 8
    # The rest is what the script does: it reads each time, and writes when the hit is allowed.
    assert counts["cmdstat_get"] == 8
    assert counts["cmdstat_set"] == 4


async def test_the_limit_holds_on_a_cluster(
    empty_redis_cluster: Cluster, strategy: StrategyName, clock: FakeClock
) -> None:
    async with (
        RedisCluster.from_url(empty_redis_cluster.nodes[0].url) as client,
        RedisStorage(client, clock=clock) as storage,
    ):
        limiter = RateLimiter(storage, ["5/minute", "100/hour"], strategy=strategy)
        verdicts = await asyncio.gather(*(limiter.hit(user) for user in range(20) for _ in range(10)))

    assert sum(verdict.allowed for verdict in verdicts) == 100


quotas = st.lists(
    st.builds(Quota, st.integers(1, 2000), st.integers(60_000, 10_000_000)), min_size=1, max_size=3
)
steps = st.lists(st.tuples(st.integers(-100_000, 5_000_000), st.floats(0, 1)), max_size=20)


@pytest.mark.parametrize("name", ["fixed", "sliding", "gcra"])
@given(quotas=quotas, steps=steps)
def test_lua_decides_and_writes_what_python_does(
    redis_server: RedisServer, name: StrategyName, quotas: Sequence[Quota], steps: list[tuple[int, float]]
) -> None:
    clock, key, limits = FakeClock(), uuid4().hex, Limits(name, tuple(quotas))

    async def run() -> None:
        record = None
        async with RedisStorage.from_url(redis_server.url, clock=clock) as storage:
            for pause, share in steps:
                clock.advance(pause / 1000)
                cost = max(1, round(min(quota.limit for quota in quotas) * share))
                in_lua = await storage.engine._apply("hits", key, Hit(key, limits, cost))
                in_python = decide(record, limits, cost, storage.now(), key)
                record = in_python.value if in_python.allowed else record

                assert (in_lua.allowed, in_lua.value) == (in_python.allowed, in_python.value)
                assert await storage._get("hits", key) == record

    asyncio.run(run())


@pytest.mark.parametrize(
    "record",
    [5, "text", "t", [], [[1]], [[1, 2, 3, 4]], [[1, 2, 3], [3, 4, 5]], [["a", "b"]], [[1.0, 2.0]], [None]],
)
async def test_a_record_of_something_else_is_named_and_left_alone(
    empty_redis: RedisServer, strategy: StrategyName, record: object
) -> None:
    async with RedisStorage.from_url(empty_redis.url) as storage:
        inside = storage.namespace("ratelimit").namespace(f"{strategy}-2-per-60s")
        await inside.set_state("alice", record)
        limiter = RateLimiter(storage, "2/minute", strategy=strategy, on_unavailable="raise")

        with pytest.raises(CorruptDocumentError, match="alice"):
            await limiter.hit("alice")
        assert await inside.get_state("alice") == record


async def test_hits_pass_while_the_server_hangs_and_are_counted_again_after_it(
    empty_redis: RedisServer, clock: FakeClock
) -> None:
    async with RedisStorage.from_url(empty_redis.url, clock=clock, timeout=1.0) as storage:
        limiter = RateLimiter(storage, "2/minute")
        await limiter.hit("alice")
        empty_redis.pause()
        try:
            hanging = await limiter.hit("bob")
        finally:
            empty_redis.resume()

        assert hanging.allowed
        assert hanging.degraded
        await storage.get_state("alice")
        assert (await limiter.hit("alice")).remaining == 0
