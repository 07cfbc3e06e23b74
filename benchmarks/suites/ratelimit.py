"""RateLimiter.hit on SQLiteStorage, durability "full".

The peer is the way of kurigram-addons' RateLimitMiddleware: a counter for each user and window, incremented
on its SQLiteStorage. It has fixed windows alone; the other strategies stand beside the same figure. All hits
are allowed: a denied one writes nothing, and would flatter ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from kurigram_addons import RateLimitMiddleware  # type: ignore[import-untyped] # it ships no types

from benchmarks.peers.kurigram import NAME as KURIGRAM
from benchmarks.peers.kurigram import sqlite_storage as kurigram_sqlite
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, race
from benchmarks.workloads import increments, rate
from holdfast import RateLimiter, SQLiteStorage
from holdfast.ratelimit.strategies import STRATEGIES

_MANY: Final = 100
_LIMIT: Final = 1_000_000
_MINUTE: Final = 60.0


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        folder = Path(name)
        async with (
            SQLiteStorage(folder / "ours.db") as ours,
            kurigram_sqlite(folder / "kurigram.db") as theirs,
        ):
            check = _kurigram_check(theirs)
            rows = []
            for strategy in STRATEGIES:
                limiter = RateLimiter(ours, f"{_LIMIT} per {_MINUTE}s", strategy=strategy)
                bar = AtLeast(5) if strategy == "fixed" else None
                kurigram = Rival(KURIGRAM, rate(increments, check, _MANY, scale.of(4_000)), bar)
                hits = rate(increments, limiter.hit, _MANY, scale.of(20_000))
                rows += await race(scale, f"{_MANY} callers: hit, {strategy}", "calls/s", hits, kurigram)
            return rows


def _kurigram_check(storage: object) -> Callable[[str], Awaitable[bool]]:
    """What its middleware does for an update, without the update."""
    middleware = RateLimitMiddleware(_LIMIT, _MINUTE)

    async def check(identifier: str) -> bool:
        allowed: bool = await middleware._check_limit(storage, f"__rl__:user:{identifier}")
        return allowed

    return check
