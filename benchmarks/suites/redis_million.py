"""RedisStorage with 100,000 keys of its own among 1,000,000 of somebody else's.

The longest single command is the server's own measure: SLOWLOG, with a threshold of a tenth of a millisecond.
It counts the time in which the machine did something else too: hence the best of three passes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from tests.servers.redis_server import RedisServer

from benchmarks.rows import Row, Within
from benchmarks.runner import Scale, Turn, take_turns
from botkeep import RedisStorage

_FOREIGN: Final = 1_000_000
_OURS: Final = 100_000
_PAGE: Final = 10_000
_PASSES: Final = 3
_THRESHOLD: Final = 100
"""Microseconds."""


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name, RedisServer(Path(name)) as server:
        ours = scale.of(_OURS)
        with Redis(port=server.port) as driver:
            _fill(driver, "foreign:", scale.of(_FOREIGN))
            _fill(driver, "botkeep::x:", ours)
            driver.config_set("slowlog-log-slower-than", _THRESHOLD)
            driver.config_set("slowlog-max-len", 10_000)
            async with AsyncRedis(port=server.port) as client, RedisStorage(client) as storage:
                longest: list[float] = []
                (seconds,) = await take_turns([_listing(storage, driver, ours, longest)], scale)
                cleared = await _clearing(storage, driver, ours)
    note = f"{ours:,} keys among {scale.of(_FOREIGN):,} others"
    return [
        Row('list_keys("x:*"): longest command', "ms", longest, bar=Within(10), note=note),
        Row('list_keys("x:*")', "s", seconds, note=note),
        Row("clear_namespace(): longest command", "ms", [cleared], note=note),
    ]


def _fill(driver: Redis, prefix: str, count: int) -> None:
    for start in range(0, count, _PAGE):
        driver.mset({f"{prefix}{number}": number for number in range(start, min(start + _PAGE, count))})


def _listing(storage: RedisStorage, driver: Redis, ours: int, longest: list[float]) -> Turn:
    async def listing() -> tuple[float, float]:
        driver.slowlog_reset()
        begin = perf_counter()
        assert len(await storage.list_keys("x:*")) == ours
        return _longest_command(driver), perf_counter() - begin

    async def turn() -> float:
        passes = [await listing() for _ in range(_PASSES)]
        longest.append(min(milliseconds for milliseconds, _ in passes))
        return min(seconds for _, seconds in passes)

    return turn


async def _clearing(storage: RedisStorage, driver: Redis, ours: int) -> float:
    driver.slowlog_reset()
    assert await storage.clear_namespace() == ours
    return _longest_command(driver)


def _longest_command(driver: Redis) -> float:
    """Return milliseconds; at least the threshold."""
    durations: list[int] = [entry["duration"] for entry in driver.slowlog_get(10_000)]
    return max([_THRESHOLD, *durations]) / 1000
