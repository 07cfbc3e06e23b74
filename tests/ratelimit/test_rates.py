"""Rates: what may be written, and what is said about what may not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from botkeep import MemoryStorage
from botkeep.ratelimit import Rate, RateLimiter


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/minute", Rate(5, 60.0)),
        ("10 per 30s", Rate(10, 30.0)),
        ("1/second", Rate(1, 1.0)),
        ("3 / 2 hours", Rate(3, 7200.0)),
        ("100/day", Rate(100, 86_400.0)),
        ("2 per week", Rate(2, 604_800.0)),
        ("1/0.5s", Rate(1, 0.5)),
        ("  5  PER  Minute ", Rate(5, 60.0)),
        ("5/min", Rate(5, 60.0)),
        ("5/10 secs", Rate(5, 10.0)),
    ],
)
def test_a_rate_is_read_as_people_write_it(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text", ["", "5", "minute", "5/", "/minute", "five/minute", "5/month", "-5/minute", "5/minute/day"]
)
def test_a_text_that_is_no_rate_is_named_beside_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate") as caught:
        Rate.parse(text)

    assert repr(text) in str(caught.value)
    assert '"5/minute"' in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "period"),
    [(0, 60.0), (-1, 60.0), (5, 0), (5, -1.0), (5, 0.0001), (5, math.nan), (5, math.inf), (10**20, 60.0)],
)
def test_a_rate_that_cannot_be_kept_is_refused(limit: int, period: float) -> None:
    with pytest.raises(ValueError, match=r"must be at least|too many to count"):
        Rate(limit, period)


@pytest.mark.parametrize(
    ("limit", "period"), [(True, 60.0), (5.0, 60.0), ("5", 60.0), (5, "60"), (5, None), (5, True)]
)
def test_a_rate_of_other_types_is_refused(limit: Any, period: Any) -> None:
    with pytest.raises(TypeError, match="must be"):
        Rate(limit, period)


def test_a_rate_shows_itself_in_seconds() -> None:
    assert str(Rate.parse("5/minute")) == "5 per 60s"
    assert str(Rate(1, 0.25)) == "1 per 0.25s"


@pytest.mark.parametrize("rates", [[], ()])
def test_a_limiter_needs_a_rate(rates: Any) -> None:
    with pytest.raises(ValueError, match="at least one rate"):
        RateLimiter(MemoryStorage(), rates)


@pytest.mark.parametrize("rates", [5, None, [5], ["5/minute", None]])
def test_what_is_no_rate_at_all_is_named(rates: Any) -> None:
    with pytest.raises(TypeError, match=r"must be a str such as .* not (5|None)"):
        RateLimiter(MemoryStorage(), rates)


def test_a_limiter_needs_a_storage() -> None:
    storage: Any = "bot.db"

    with pytest.raises(TypeError, match="counts in a storage"):
        RateLimiter(storage, "5/minute")


def test_an_unknown_strategy_or_policy_is_named_beside_the_known_ones() -> None:
    unknown: Any = "token"

    with pytest.raises(ValueError, match='"fixed", "sliding" or "gcra", not \'token\''):
        RateLimiter(MemoryStorage(), "5/minute", strategy=unknown)
    with pytest.raises(ValueError, match='"allow", "deny" or "raise", not \'token\''):
        RateLimiter(MemoryStorage(), "5/minute", on_unavailable=unknown)
