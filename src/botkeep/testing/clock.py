"""A clock that moves when a test says so."""

from __future__ import annotations


class FakeClock:
    """Stands still until `advance`; give it to a storage as ``clock``.

    Args:
        now: seconds since the epoch to begin with.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on by so many seconds, or back."""
        self._now += seconds
