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
    return _seconds(ttl, "ttl", ", NO_TTL or KEEP_TTL", "; NO_TTL never expires")


def positive_seconds(time: float | timedelta, name: str) -> float:
    """Check any other time, called ``name`` in errors, and return it in seconds.

    Raises:
        TypeError: as `seconds`.
        ValueError: as `seconds`.
    """
    return _seconds(time, name, "", "")


def _seconds(time: float | timedelta, name: str, other_types: str, hint: str) -> float:
    if isinstance(time, timedelta):
        time = time.total_seconds()
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        raise TypeError(f"{name} must be seconds (int, float or timedelta){other_types}, not {time!r}")
    if not 0 < time <= sys.float_info.max:
        raise ValueError(f"{name} must be a positive, finite number of seconds, not {time!r}{hint}")
    return float(time)
