"""A clock that never goes back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botkeep.ttl import Clock


class SteadyClock:
    """Seconds since the epoch by another clock; where that steps back, this one goes on from where it was.

    A lease that was taken before the step still ends after its time, not after its time and the step.

    Args:
        clock: the clock to follow.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = -math.inf
        self._ahead = 0.0

    def __call__(self) -> float:
        """Return the time."""
        moment = self._clock()
        if moment < self._last:
            self._ahead += self._last - moment
        self._last = moment
        return moment + self._ahead

    def not_before(self, moment: float) -> None:
        """Go on from ``moment``, a time that was seen with the data, if this clock is behind it."""
        behind = moment - self()
        if behind > 0:
            self._ahead += behind
