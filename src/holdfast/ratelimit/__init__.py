"""Rate limits, counted in a storage: `RateLimiter`, `Rate`, `Verdict`."""

from __future__ import annotations

from holdfast.ratelimit.limiter import RateLimiter
from holdfast.ratelimit.rates import Rate
from holdfast.ratelimit.verdict import Verdict

__all__ = ["Rate", "RateLimiter", "Verdict"]
