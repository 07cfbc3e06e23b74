"""Law 7, for rate limits, which an engine may count in a step of its own."""

from __future__ import annotations

import asyncio

import pytest

from botkeep.abc import BaseStorage
from botkeep.ratelimit import RateLimiter
from botkeep.ratelimit.strategies import StrategyName
from botkeep.testing.hooks import StorageUnderTest


class LimitLaws(StorageUnderTest):
    """Law 7. A rate limit lets through exactly as many as it says."""

    @pytest.mark.parametrize("strategy", ["fixed", "sliding", "gcra"])
    async def test_of_many_hits_at_once_exactly_the_limit_gets_through(
        self, storage: BaseStorage, other: BaseStorage, strategy: StrategyName
    ) -> None:
        places = [storage.namespace("plugin"), other.namespace("plugin")]
        limiters = [RateLimiter(place, "5/day", strategy=strategy) for place in places]

        verdicts = await asyncio.gather(*(limiters[number % 2].hit("user:5") for number in range(20)))

        assert [verdict.allowed for verdict in verdicts].count(True) == 5
        assert not (await limiters[0].hit("user:5")).allowed
        assert (await limiters[0].hit("user:6")).allowed
