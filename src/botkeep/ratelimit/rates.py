"""Rates: how many hits in how long, and the ways to write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

MILLISECONDS: Final = 1000
"""In a second: whole milliseconds are what the strategies count in."""

EXACT: Final = 2**52
"""Twice this is the last whole number before floats, the only numbers that Lua has, begin to skip some."""

_SECONDS: Final = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("min", "minute"), 60),
    **dict.fromkeys(("h", "hour"), 3600),
    **dict.fromkeys(("d", "day"), 86_400),
    "week": 604_800,
}
_TEXT: Final = re.compile(r"(\d+) ?(?:/|per) ?(\d+(?:\.\d+)?)? ?([a-z]+)", re.ASCII)


@dataclass(frozen=True)
class Rate:
    """At most ``limit`` hits in ``period`` seconds.

    Attributes:
        limit: hits, at least 1.
        period: seconds, to the millisecond.

    Raises:
        TypeError: the limit is no int, or the period no number.
        ValueError: one of them is too small, or both are so large that hits could not be counted exactly.
    """

    limit: int
    period: float

    def __post_init__(self) -> None:
        if isinstance(self.limit, bool) or not isinstance(self.limit, int):
            raise TypeError(f"a rate's limit must be an int, not {self.limit!r}")
        if isinstance(self.period, bool) or not isinstance(self.period, (int, float)):
            raise TypeError(f"a rate's period must be seconds, an int or a float, not {self.period!r}")
        if self.limit < 1:
            raise ValueError(f"a rate's limit must be at least 1, not {self.limit!r}")
        if not self.period >= 1 / MILLISECONDS:
            raise ValueError(f"a rate's period must be at least 0.001 seconds, not {self.period!r}")
        if self.limit > EXACT / MILLISECONDS / self.period:
            raise ValueError(
                f"{self.limit} hits in {self.period!r} seconds are too many to count exactly: "
                f"limit x period may be up to {EXACT // MILLISECONDS}"
            )

    def __str__(self) -> str:
        return f"{self.limit} per {self.period:.15g}s"

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read ``"5/minute"``, ``"10 per 30s"``, ``"100 / 2 hours"``; units are seconds to weeks.

        Raises:
            ValueError: the text is no rate.
        """
        found = _TEXT.fullmatch(" ".join(text.lower().split()))
        unit = found and _unit(found[3])
        if not (found and unit):
            raise ValueError(
                f'{text!r} is no rate; write "5/minute", "10 per 30s" or Rate(5, 60.0); '
                "units are second, minute, hour, day and week"
            )
        return cls(int(found[1]), float(found[2] or 1) * unit)


Rates: TypeAlias = "str | Rate | Iterable[str | Rate]"
"""One rate or several that hold together."""


def read_rates(rates: Rates) -> tuple[Rate, ...]:
    """Return what was given as a tuple of at least one rate.

    Raises:
        TypeError: something in it is neither a str nor a Rate.
        ValueError: there is none, or one is not a rate.
    """
    if isinstance(rates, (str, Rate)):
        rates = [rates]
    elif not isinstance(rates, Iterable):
        raise TypeError(f'a rate must be a str such as "5/minute", a Rate or several of them, not {rates!r}')
    read = tuple(_read(rate) for rate in rates)
    if not read:
        raise ValueError("a limiter needs at least one rate")
    return read


def _read(rate: str | Rate) -> Rate:
    if isinstance(rate, Rate):
        return rate
    if isinstance(rate, str):
        return Rate.parse(rate)
    raise TypeError(f'a rate must be a str such as "5/minute" or a Rate, not {rate!r}')


def _unit(name: str) -> int | None:
    return _SECONDS.get(name) or _SECONDS.get(name.removesuffix("s"))
