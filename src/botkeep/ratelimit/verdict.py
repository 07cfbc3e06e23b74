"""What a limiter answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botkeep.ratelimit.rates import MILLISECONDS

if TYPE_CHECKING:
    from botkeep.ratelimit.decisions import Decision
    from botkeep.ratelimit.strategies import Meter


@dataclass(frozen=True)
class Verdict:
    """Whether a hit is within its limits; true exactly when it is.

    With several limits it speaks of the one that matters: that which denies for the longest time, else that
    with the least left.

    Attributes:
        allowed: the hit was within the limits and is counted.
        limit: how many hits the rate allows.
        remaining: how many are left now.
        retry_after: seconds until the same hit would be allowed, if no other comes before; 0.0 if it is now.
        reset_at: when the whole limit will be there again, in seconds since the epoch on the storage's clock.
        degraded: the storage failed, nothing was counted, and ``on_unavailable`` decided.
    """

    allowed: bool
    limit: int
    remaining: int
    retry_after: float
    reset_at: float
    degraded: bool = False

    def __bool__(self) -> bool:
        return self.allowed


def verdict_on(decision: Decision, cost: int) -> Verdict:
    """Return the answer that a decision about a hit of this cost comes to."""
    verdicts = [_of_one(meter, decision, cost) for meter in decision.meters]
    if decision.allowed:
        return min(verdicts, key=lambda verdict: verdict.remaining)
    return max(verdicts, key=lambda verdict: verdict.retry_after)


def _of_one(meter: Meter, decision: Decision, cost: int) -> Verdict:
    waits = not decision.allowed and not meter.fits(cost)
    return Verdict(
        allowed=decision.allowed,
        limit=meter.limit,
        remaining=meter.remaining,
        retry_after=meter.retry_at(cost) / MILLISECONDS - decision.now if waits else 0.0,
        reset_at=meter.expires_at / MILLISECONDS + decision.clock_ahead,
    )
