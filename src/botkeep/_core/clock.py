"""A clock that never goes back."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from botkeep.ttl import Clock

_NOISE_SECONDS: Final = 0.05
"""Two threads may read the clock in one order and arrive here in the other: no step back."""


class SteadyClock:
    """Seconds since the epoch by another clock; where that steps back, this one goes on from where it was.

    A lease that was taken before the step still ends after its time, not after its time and the step.

    Args:
        clock: the clock to follow.

    Attributes:
        ahead: seconds that this clock is ahead of the other one; 0.0 as long as that never stepped back.
    """

    def __init__(self, clock: Clock) -> None:
        self.ahead: float = 0.0
        self._clock = clock
        self._last = -math.inf
        self._step = threading.Lock()

    def __call__(self) -> float:
        """Return the time."""
        moment = self._clock()
        if moment >= self._last:
            self._last = moment
        elif self._last - moment < _NOISE_SECONDS:
            moment = self._last
        else:
            moment = self._stepped_back()
        return moment + self.ahead

    def not_before(self, moment: float) -> None:
        """Go on from ``moment``, a time that was seen with the data, if this clock is behind it."""
        behind = moment - self()
        if behind > 0:
            with self._step:
                self.ahead += behind

    def _stepped_back(self) -> float:
        with self._step:
            moment = self._clock()
            self.ahead += max(0.0, self._last - moment)
            self._last = moment
            return moment
