"""Limits on SQLite: one trip, and processes that share them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from botkeep import SQLiteStorage
from botkeep._core.compat import override
from botkeep.ratelimit import RateLimiter
from botkeep.ratelimit.strategies import StrategyName
from botkeep.testing import FakeClock

HITTER = """
import asyncio, sys
from botkeep import SQLiteStorage
from botkeep.ratelimit import RateLimiter

async def main(path, strategy):
    async with SQLiteStorage(path, timeout=30, clock=lambda: 1_800_000_000.0) as storage:
        limiter = RateLimiter(storage, "50/minute", strategy=strategy)
        verdicts = await asyncio.gather(*(limiter.hit("spammer") for _ in range(50)))
        print(sum(verdict.allowed for verdict in verdicts))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_of_200_hits_from_4_processes_exactly_the_limit_is_allowed(
    tmp_path: Path, strategy: StrategyName
) -> None:
    async def hit() -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            HITTER,
            str(tmp_path / "shared.db"),
            strategy,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return int(output)

    counts = await asyncio.gather(*(hit() for _ in range(4)))

    assert sum(counts) == 50


async def test_a_hit_is_one_call_of_the_engine(
    tmp_path: Path, strategy: StrategyName, clock: FakeClock
) -> None:
    calls = 0

    class Counted(SQLiteStorage):
        @override
        async def _apply(self, namespace: str, identifier: str, operation: Any) -> Any:
            nonlocal calls
            calls += 1
            return await super()._apply(namespace, identifier, operation)

    async with Counted(tmp_path / "limits.db", clock=clock) as storage:
        limiter = RateLimiter(storage, ["5/minute", "100/hour"], strategy=strategy)
        for _ in range(8):
            await limiter.hit("alice")

    assert calls == 8


async def test_processes_are_exact_also_on_a_storage_that_knows_nothing_of_limits(
    tmp_path: Path, strategy: StrategyName, clock: FakeClock
) -> None:
    class Plain(SQLiteStorage):
        async def _apply(self, namespace: str, identifier: str, operation: Any) -> Any:
            return await super()._apply(namespace, identifier, operation.__call__)

    async with (
        Plain(tmp_path / "limits.db", timeout=30, clock=clock) as one,
        Plain(tmp_path / "limits.db", timeout=30, clock=clock) as other,
    ):
        limiters = [RateLimiter(storage, "50/minute", strategy=strategy) for storage in (one, other)]
        verdicts = await asyncio.gather(*(limiters[turn % 2].hit("spammer") for turn in range(100)))

    assert sum(verdict.allowed for verdict in verdicts) == 50


async def test_two_clocks_that_are_apart_grant_no_more_than_the_rate(
    tmp_path: Path, strategy: StrategyName, clock: FakeClock
) -> None:
    def ahead() -> float:
        return clock() + 3

    async with (
        SQLiteStorage(tmp_path / "limits.db", clock=clock) as one,
        SQLiteStorage(tmp_path / "limits.db", clock=ahead) as other,
    ):
        limiters = [RateLimiter(storage, "1/second", strategy=strategy) for storage in (one, other)]
        verdicts = []
        for number in range(100):
            verdicts.append(await limiters[number % 2].hit("alice"))
            clock.advance(0.05)

    # Five seconds, and the three that one clock is ahead.
    assert sum(verdict.allowed for verdict in verdicts) <= 5 + 3 + 1
    assert min(verdict.remaining for verdict in verdicts) == 0
