"""What a caller may say about a time to live."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from botkeep import KEEP_TTL, NO_TTL
from botkeep.testing.laws.ttl import REFUSED, WRONG
from botkeep.ttl import seconds


@pytest.mark.parametrize(
    ("ttl", "expected"),
    [(1, 1.0), (0.25, 0.25), (timedelta(days=1, milliseconds=1), 86400.001), (5e-324, 5e-324)],
)
def test_a_ttl_comes_down_to_seconds(ttl: float | timedelta, expected: float) -> None:
    assert seconds(ttl) == expected
    assert type(seconds(ttl)) is float


@pytest.mark.parametrize("ttl", REFUSED, ids=lambda ttl: repr(ttl)[:20])
def test_a_ttl_that_is_not_positive_and_finite_is_refused(ttl: Any) -> None:
    with pytest.raises(ValueError, match="NO_TTL"):
        seconds(ttl)


@pytest.mark.parametrize("ttl", [*WRONG, None, NO_TTL, KEEP_TTL], ids=repr)
def test_a_ttl_of_another_type_is_refused(ttl: Any) -> None:
    with pytest.raises(TypeError, match="ttl must be seconds"):
        seconds(ttl)


def test_the_longest_ttl_is_a_ttl() -> None:
    assert seconds(timedelta.max) < math.inf
    assert seconds(1e308) == 1e308


def test_the_two_rules_print_what_they_mean() -> None:
    assert (NO_TTL.value, KEEP_TTL.value) == ("never expires", "keeps the expiry that is there")
