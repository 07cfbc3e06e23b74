"""Times to live: what a caller may say, and the moment it comes down to."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal, NamedTuple, TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds since the epoch, as `time.time` gives them."""


class TtlRule(enum.Enum):
    """The two answers to "how long?" that are not a number."""

    NO_TTL = "never expires"
    KEEP_TTL = "keeps the expiry that is there"


NO_TTL: Final = TtlRule.NO_TTL
"""The document never expires, whatever the storage's ``default_ttl`` says."""

KEEP_TTL: Final = TtlRule.KEEP_TTL
"""The document keeps the expiry it has; a document created by the call gets the storage's ``default_ttl``."""

Ttl: TypeAlias = "int | float | timedelta | Literal[TtlRule.NO_TTL, TtlRule.KEEP_TTL]"


class Expiry(NamedTuple):
    """When a document written now will be gone.

    Attributes:
        at: seconds since the epoch on the storage's clock; ``math.inf`` is never.
        keep: a live document keeps its own expiry instead; ``at`` is for a new one.
    """

    at: float
    keep: bool


def seconds(ttl: float | timedelta) -> float:
    """Check a time to live and return it in seconds.

    Raises:
        TypeError: for anything but an int, a float or a timedelta (a bool is none of them).
        ValueError: for zero, a negative number, NaN or infinity.
    """
    if isinstance(ttl, timedelta):
        ttl = ttl.total_seconds()
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)):
        raise TypeError(f"ttl must be seconds (int, float or timedelta), NO_TTL or KEEP_TTL, not {ttl!r}")
    if not 0 < ttl <= sys.float_info.max:
        raise ValueError(
            f"ttl must be a positive, finite number of seconds, not {ttl!r}; NO_TTL never expires"
        )
    return float(ttl)
