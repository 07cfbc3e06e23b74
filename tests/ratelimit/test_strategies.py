"""Each strategy beside a plain model of it, in fractions instead of whole numbers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botkeep import MemoryStorage
from botkeep.ratelimit import Rate, RateLimiter
from botkeep.ratelimit.strategies import StrategyName
from botkeep.testing import FakeClock

START = 1_800_000_000_000


class Model(Protocol):
    def __init__(self, limit: int, period: int) -> None: ...

    def remaining(self, now: int) -> Fraction:
        """How many hits fit, fractions of one included."""

    def count(self, now: int, cost: int) -> None:
        """Count a hit."""


class Windows:
    """Fixed windows: a number for each."""

    def __init__(self, limit: int, period: int) -> None:
        self.limit, self.period = limit, period
        self.hits: Counter[int] = Counter()

    def remaining(self, now: int) -> Fraction:
        return Fraction(self.limit - self.hits[now // self.period])

    def count(self, now: int, cost: int) -> None:
        self.hits[now // self.period] += cost


class FadingWindows(Windows):
    """Sliding windows: what is left of the window before counts too."""

    def remaining(self, now: int) -> Fraction:
        window, passed = divmod(now, self.period)
        left = 1 - Fraction(passed, self.period)
        return self.limit - self.hits[window] - self.hits[window - 1] * left


class ArrivalTimes:
    """GCRA as the ITU writes it: the theoretical arrival time of the next hit."""

    def __init__(self, limit: int, period: int) -> None:
        self.period, self.interval = period, Fraction(period, limit)
        self.arrival = Fraction(0)

    def remaining(self, now: int) -> Fraction:
        return (now + self.period - max(self.arrival, Fraction(now))) / self.interval

    def count(self, now: int, cost: int) -> None:
        self.arrival = max(self.arrival, Fraction(now)) + cost * self.interval


MODELS: dict[StrategyName, Callable[[int, int], Model]] = {
    "fixed": Windows,
    "sliding": FadingWindows,
    "gcra": ArrivalTimes,
}

rates = st.tuples(st.integers(1, 2000), st.integers(1, 100_000))
steps = st.lists(st.tuples(st.integers(0, 60_000), st.floats(0, 1)), max_size=40)


@pytest.mark.parametrize("name", MODELS)
@given(limits=st.lists(rates, min_size=1, max_size=3), steps=steps)
def test_a_strategy_allows_what_its_model_allows(
    name: StrategyName, limits: list[tuple[int, int]], steps: list[tuple[int, float]]
) -> None:
    models = [MODELS[name](limit, period) for limit, period in limits]
    clock = FakeClock()
    storage = MemoryStorage(clock=clock)
    limiter = RateLimiter(storage, [Rate(limit, period / 1000) for limit, period in limits], strategy=name)
    most = min(limit for limit, _ in limits)

    async def run() -> None:
        now = START
        for pause, share in steps:
            now += pause
            clock.advance(now / 1000 - clock())
            cost = max(1, round(most * share))
            fits = all(model.remaining(now) >= cost for model in models)
            verdict = await limiter.hit("alice", cost)
            if fits:
                for model in models:
                    model.count(now, cost)

            assert verdict.allowed == fits
            assert verdict.remaining in {int(model.remaining(now)) for model in models}
        await storage.stop()

    asyncio.run(run())


@pytest.mark.parametrize("name", MODELS)
@given(rate=rates, steps=steps, share=st.floats(0, 1))
def test_a_wait_is_as_long_as_it_must_be_and_no_longer(
    name: StrategyName, rate: tuple[int, int], steps: list[tuple[int, float]], share: float
) -> None:
    limit, period = rate
    clock = FakeClock()
    storage = MemoryStorage(clock=clock)
    limiter = RateLimiter(storage, Rate(limit, period / 1000), strategy=name)

    async def run() -> None:
        now = START
        for pause, cost in steps:
            now += pause
            clock.advance(now / 1000 - clock())
            await limiter.hit("alice", max(1, round(limit * cost)))
        cost = max(1, round(limit * share))
        look = await limiter.peek("alice", cost)
        if not look:
            clock.advance(look.retry_after - 0.001)
            assert not await limiter.peek("alice", cost)
            clock.advance(0.001)
            assert await limiter.hit("alice", cost)
        await storage.stop()

    asyncio.run(run())
