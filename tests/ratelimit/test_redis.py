"""Limits on Redis: the step in Lua, and machines that share it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.asyncio import RedisCluster
from tests.servers.redis_cluster import Cluster
from tests.servers.redis_server import RedisServer
from tests.servers.redis_time import RedisStorageInTestTime

from botkeep import CorruptDocumentError, RateLimiter, RedisStorage
from botkeep.hooks import Stored
from botkeep.ratelimit.decisions import Hit, Limits, Peek
from botkeep.ratelimit.strategies import Quota, StrategyName
from botkeep.testing import FakeClock

HITTER = """
import asyncio, sys
from botkeep import RateLimiter, RedisStorage

async def main(url, strategy):
    async with RedisStorage.from_url(url) as storage:
        limiter = RateLimiter(storage, "50/week", strategy=strategy)
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
    async with RedisStorageInTestTime.from_url(empty_redis.url, clock=clock) as storage:
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
        RedisStorageInTestTime(client, clock=clock) as storage,
    ):
        limiter = RateLimiter(storage, ["5/minute", "100/hour"], strategy=strategy)
        verdicts = await asyncio.gather(*(limiter.hit(user) for user in range(20) for _ in range(10)))

    assert sum(verdict.allowed for verdict in verdicts) == 100


quotas = st.lists(
    st.builds(Quota, st.integers(1, 2000), st.integers(60_000, 10_000_000)), min_size=1, max_size=3
)
steps = st.lists(st.tuples(st.integers(-20_000_000, 5_000_000), st.floats(0, 1)), max_size=20)


class RedisStorageWithAServerThatStepsBack(RedisStorageInTestTime):
    """The storage's own clock never goes back; its server's does what the test says."""

    server_clock: FakeClock

    def server_now(self) -> float:
        return self.server_clock()


def storage_with_server_at(server: RedisServer, clock: FakeClock) -> RedisStorage:
    storage = RedisStorageWithAServerThatStepsBack.from_url(server.url)
    assert isinstance(storage, RedisStorageWithAServerThatStepsBack)
    storage.server_clock = clock
    return storage


@pytest.mark.parametrize("name", ["fixed", "sliding", "gcra"])
@given(quotas=quotas, steps=steps)
def test_lua_decides_and_writes_what_python_does(
    redis_server: RedisServer, name: StrategyName, quotas: Sequence[Quota], steps: list[tuple[int, float]]
) -> None:
    clock, key, limits = FakeClock(), uuid4().hex, Limits(name, tuple(quotas))

    async def run() -> None:
        entry: Stored | None = None
        async with storage_with_server_at(redis_server, clock) as storage:
            for pause, share in steps:
                clock.advance(pause / 1000)
                cost = max(1, round(min(quota.limit for quota in quotas) * share))
                peeked = await storage.engine._apply("hits", key, Peek(key, limits, cost))
                in_lua = await storage.engine._apply("hits", key, Hit(key, limits, cost))
                entry, in_python = Hit(key, limits, cost)(entry, clock())

                assert (in_lua.allowed, in_lua.value) == (in_python.allowed, in_python.value)
                assert peeked.allowed == in_lua.allowed
                assert await storage._get("hits", key) == (entry and entry.value)

    asyncio.run(run())


@pytest.mark.parametrize("seconds_apart", [3, 3600])
async def test_clocks_of_callers_that_are_apart_grant_no_more_than_the_rate(
    empty_redis: RedisServer, strategy: StrategyName, seconds_apart: int
) -> None:
    early = RedisStorage.from_url(empty_redis.url, clock=lambda: time.time() - seconds_apart)
    late = RedisStorage.from_url(empty_redis.url, clock=time.time)
    async with early, late:
        limiters = [RateLimiter(storage, "2/week", strategy=strategy) for storage in (early, late)]
        verdicts = [await limiters[number % 2].hit("spammer") for number in range(20)]

    assert [bool(verdict) for verdict in verdicts] == [True, True] + [False] * 18
    assert all(verdict.remaining >= 0 for verdict in verdicts)


async def test_a_verdict_tells_each_caller_the_time_on_its_own_clock(
    empty_redis: RedisServer, strategy: StrategyName
) -> None:
    def hour_ahead() -> float:
        return time.time() + 3600

    async with RedisStorage.from_url(empty_redis.url, clock=hour_ahead) as storage:
        limiter = RateLimiter(storage, "1/day", strategy=strategy)
        await limiter.hit("alice")
        for verdict in (await limiter.hit("alice"), await limiter.peek("alice")):
            assert not verdict
            assert 0 < verdict.retry_after <= 2 * 86_400
            assert 0 < verdict.reset_at - hour_ahead() <= 2 * 86_400


@pytest.mark.parametrize("step", [-0.5, -30, -90, -86_400])
async def test_a_server_whose_clock_steps_back_grants_no_more_than_the_rate_and_locks_nobody_out(
    empty_redis: RedisServer, strategy: StrategyName, step: float
) -> None:
    clock = FakeClock()
    async with storage_with_server_at(empty_redis, clock) as storage:
        limiter = RateLimiter(storage, "5/minute", strategy=strategy)
        allowed = [await limiter.hit("alice") for _ in range(6)]
        clock.advance(step)
        after = [await limiter.hit("alice") for _ in range(6)]
        peeked = await limiter.peek("alice")
        clock.advance(180)

        assert [bool(verdict) for verdict in allowed] == [True] * 5 + [False]
        assert not any(after)
        assert {verdict.remaining for verdict in (*after, peeked)} == {0}
        assert all(0 < verdict.retry_after <= 180 for verdict in after)
        assert [bool(await limiter.hit("alice")) for _ in range(6)] == [True] * 5 + [False]


async def test_a_server_whose_clock_was_far_ahead_for_a_moment_locks_nobody_out(
    empty_redis: RedisServer, strategy: StrategyName
) -> None:
    clock = FakeClock()
    async with storage_with_server_at(empty_redis, clock) as storage:
        limiter = RateLimiter(storage, "5/minute", strategy=strategy)
        clock.advance(365 * 86_400)
        assert all([await limiter.hit("alice") for _ in range(5)])
        clock.advance(-365 * 86_400)
        while_full = await limiter.hit("alice")
        clock.advance(120)

        assert not while_full
        assert await limiter.hit("alice")


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
    async with RedisStorageInTestTime.from_url(empty_redis.url, clock=clock, timeout=1.0) as storage:
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
