"""Rate limits, counted in a storage: `RateLimiter`, `Rate`, `Verdict`."""

from __future__ import annotations

from botkeep.ratelimit.limiter import LimiterSettings, RateLimiter
from botkeep.ratelimit.rates import Rate
from botkeep.ratelimit.verdict import Verdict

__all__ = ["LimiterSettings", "Rate", "RateLimiter", "Verdict"]
