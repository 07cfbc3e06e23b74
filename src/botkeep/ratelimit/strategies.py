"""The strategies: how the hits of one limit are counted, in whole numbers.

Time is in whole milliseconds since the epoch, because whole numbers do not drift: a float of seconds is off
by a quarter of a microsecond today, which adds up over a thousand hits. What counts against a limit is its
*load*, in hits x milliseconds: a limit of 5 hits in 60,000 ms carries a load of 300,000, and each hit weighs
60,000. So every question is a comparison of whole numbers below 2**53, which Lua's floats hold exactly too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Final, Literal, NamedTuple, TypeAlias

from botkeep._core.compat import override

State: TypeAlias = "list[int]"
"""What a storage keeps of one limit: whole numbers, the first of them a moment."""

StrategyName: TypeAlias = Literal["fixed", "sliding", "gcra"]


CLOCKS_APART: Final = 60_000
"""Milliseconds by which clocks of two processes may differ; a limit still grants no more than its rate."""


class Quota(NamedTuple):
    """One limit.

    Attributes:
        limit: hits.
        period: milliseconds.
    """

    limit: int
    period: int


class Meter(ABC):
    """What one limit has counted, at one moment; a subclass is a strategy. Moments are in milliseconds.

    Args:
        quota: the limit.
        state: what was kept of it; None: nobody has hit it.
        now: the moment.

    Attributes:
        limit: hits.
        period: milliseconds.
        now: the moment; the state's own, when that is later because another process's clock is ahead.
        stepped_back: the state is of a moment that is too far ahead to be believed.
        state: what to keep.
    """

    fresh: ClassVar[tuple[int, ...]]
    """The state that nothing has been counted in."""

    def __init__(self, quota: Quota, state: State | None, now: int) -> None:
        self.limit: int = quota.limit
        self.period: int = quota.period
        state = [*self.fresh] if state is None else state
        # A clock that is a little ahead is another process's: time is what the state says. One that is far
        # ahead was wrong, and to believe it would be to ban for as long: its hits count on from now, or each
        # step back would grant the whole limit anew.
        self.stepped_back: bool = state[0] > now + max(self.period, CLOCKS_APART)
        if self.stepped_back:
            state = [self._start(now), *state[1:]]
        self.now: int = max(now, state[0])
        self.state: State = self._advanced(state)

    @property
    def room(self) -> int:
        """The load that still fits."""
        return self.limit * self.period - self._load()

    @property
    def remaining(self) -> int:
        """The hits that still fit."""
        return max(0, self.room // self.period)

    def fits(self, cost: int) -> bool:
        """Whether a hit of this cost is within the limit."""
        return cost * self.period <= self.room

    def count(self, cost: int) -> None:
        """Count a hit of this cost."""
        self.state[1] += cost

    @abstractmethod
    def retry_at(self, cost: int) -> int:
        """Return the first moment at which a hit that does not fit now will fit, if no other comes before."""

    @property
    @abstractmethod
    def expires_at(self) -> int:
        """The moment from which the state says no more than a fresh one, if no hit comes before."""

    def _start(self, moment: int) -> int:
        """Return the moment that a state of this moment bears: the start of its window."""
        return moment - moment % self.period

    @abstractmethod
    def _advanced(self, state: State) -> State:
        """Return what the state has become by now, as a list of its own."""

    @abstractmethod
    def _load(self) -> int:
        """Return what counts against the limit."""


class FixedWindow(Meter):
    """Windows that follow one another on the clock: each full minute, say. State: [start, hits]."""

    fresh: ClassVar[tuple[int, ...]] = (0, 0)

    @override
    def retry_at(self, cost: int) -> int:  # noqa: ARG002 # whatever it costs, the next window has room
        return self.state[0] + self.period

    @property
    @override
    def expires_at(self) -> int:
        start, hits = self.state
        return start + self.period if hits else self.now

    @override
    def _advanced(self, state: State) -> State:
        start = self._start(self.now)
        return state if state[0] == start else [start, 0]

    @override
    def _load(self) -> int:
        return self.state[1] * self.period


class SlidingWindow(Meter):
    """A window that moves, from two counters: the hits of the window before count in part.

    They count as if spread evenly: 15 s into a minute, three quarters of them lie within the last 60 s.
    State: [start, hits, hits of the window before].
    """

    fresh: ClassVar[tuple[int, ...]] = (0, 0, 0)

    @override
    def retry_at(self, cost: int) -> int:
        start, hits, before = self.state
        if hits + cost > self.limit:
            # Not in this window, then: in the next, where this one's hits fade.
            start, hits, before = start + self.period, 0, hits
        room = (self.limit - hits - cost) * self.period
        return start + self.period - min(self.period, room // before)

    @property
    @override
    def expires_at(self) -> int:
        start, hits, before = self.state
        if hits:
            return start + 2 * self.period
        return start + self.period if before else self.now

    @override
    def _advanced(self, state: State) -> State:
        start = self._start(self.now)
        if state[0] == start:
            return state
        return [start, 0, state[1] if state[0] == start - self.period else 0]

    @override
    def _load(self) -> int:
        start, hits, before = self.state
        return hits * self.period + before * (start + self.period - self.now)


class Gcra(Meter):
    """No windows: room comes back one hit at a time, at the pace of the limit. State: [moment, load].

    The generic cell rate algorithm (ITU-T I.371) in its other form, the leaky bucket as a meter: the load is
    the theoretical arrival time less the moment, times the limit.
    """

    fresh: ClassVar[tuple[int, ...]] = (0, 0)

    @override
    def count(self, cost: int) -> None:
        self.state[1] += cost * self.period

    @override
    def retry_at(self, cost: int) -> int:
        return self.now + _divided_up(cost * self.period - self.room, self.limit)

    @property
    @override
    def expires_at(self) -> int:
        return self.now + _divided_up(self._load(), self.limit)

    @override
    def _start(self, moment: int) -> int:
        return moment

    @override
    def _advanced(self, state: State) -> State:
        moment, load = state
        return [self.now, max(0, load - (self.now - moment) * self.limit)]

    @override
    def _load(self) -> int:
        return self.state[1]


STRATEGIES: Final[dict[StrategyName, type[Meter]]] = {
    "fixed": FixedWindow,
    "sliding": SlidingWindow,
    "gcra": Gcra,
}


def _divided_up(number: int, divisor: int) -> int:
    return -(-number // divisor)
