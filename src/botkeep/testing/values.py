"""Values, each with what comes back of it: as it was, as its closest kin in JSON, or not at all."""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import reduce
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

BERLIN: Final = ZoneInfo("Europe/Berlin")

NAIVE: Final = datetime.fromisoformat("2026-11-21T09:04")


class Size(enum.Enum):
    """An Enum of text."""

    LARGE = "large"


class Priority(enum.IntEnum):
    """An Enum of numbers."""

    HIGH = 3


@dataclass
class Item:
    """A dataclass."""

    name: str
    price: Decimal


class Address(msgspec.Struct):
    """A msgspec Struct."""

    street: str
    floor: int = 0


UNCHANGED: Final[list[Any]] = [
    None, True, False, 0, -1, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 12345678901234567890123, -(2**200),
    0.0, -0.0, 9.0, 0.1, 1e16, -1e-7, 5e-324, 1.7976931348623157e308,
    "", "text", '\x01\t\n"\\', "größer", "\u2028\u200b\ufeff", "👩\u200d🚀", "null", "a\0b",
    [], [[]], [1, 1.0, "1", None, True], {}, {"": {}}, {"a": {"b": [{"c": None}]}}, {"b": 1, "a": 2},
    {"$date": "2026-11-21"}, {"$set": [1]}, {"$dict": {"$int": "1"}}, {"$": 1}, {"$nosuch": None},
    {"$date": 1, "more": 2}, [{"$bytes": ""}],
    date(2026, 11, 21), time(9, 4), time(9, 4, 0, 1, tzinfo=timezone.utc),
    NAIVE, datetime(2026, 11, 21, 9, 4, 0, 1, tzinfo=timezone.utc),
    datetime(2026, 11, 21, 9, 4, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2026, 7, 1, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1), NAIVE.min, NAIVE.max,
    timedelta(days=-1, microseconds=1), timedelta.max,
    set(), {1}, {"a"}, {(1, (2, 3))}, {frozenset({1})}, frozenset(), frozenset({b"x"}), {date(2026, 1, 1)},
    b"", b"\x00\xff", UUID(int=0), UUID("12345678-1234-5678-1234-567812345678"),
    Decimal("19.90"), Decimal("-0"), Decimal("1E+400"),
    {"when": {"at": [NAIVE, {date(2026, 1, 1)}]}},
]  # fmt: skip

CONVERTED: Final[list[tuple[Any, Any]]] = [
    ((1, (2, ())), [1, [2, []]]),
    ({1: "a", -2: "b"}, {"1": "a", "-2": "b"}),
    ({None: 1, True: 2, 1.5: 3}, {"null": 1, "true": 2, "1.5": 3}),
    ({Size.LARGE: 1, Priority.HIGH: 2}, {"large": 1, "3": 2}),
    ({date(2026, 1, 1): 1, UUID(int=0): 2}, {"2026-01-01": 1, str(UUID(int=0)): 2}),
    ([Size.LARGE, Priority.HIGH], ["large", 3]),
    (Item("pizza", Decimal("9.90")), {"name": "pizza", "price": Decimal("9.90")}),
    ([Address("Kirchgasse 1")], [{"street": "Kirchgasse 1", "floor": 0}]),
]

CIRCULAR: Final[list[Any]] = []
CIRCULAR.append([CIRCULAR])

DEEP: Final[list[Any]] = reduce(lambda inner, _: [inner], range(5000), [])

REFUSED: Final[list[tuple[Any, str]]] = [
    (object(), ""),
    ({"data": {"items": [0, 1, 2, {"price": object()}]}}, "data.items[3].price"),
    ({"a b": [len]}, "['a b'][0]"),
    ([math.nan], "[0]"),
    ({"x": math.inf}, "x"),
    ({"x": [-math.inf]}, "x[0]"),
    ({"x": Decimal("NaN")}, "x"),
    ({"x": "\ud800"}, "x"),
    ({"x": {"\udfff": 1}}, "x"),
    ({"x": {(1, 2): 3}}, "x"),
    ({"x": {1: "a", "1": "b"}}, "x"),
    ({"x": 1j}, "x"),
    ({"x": Item}, "x"),
]


def same(found: Any, value: Any) -> bool:
    """Whether both are equal and of equal types throughout; repr tells -0.0 from 0.0 and 9.0 from 9."""
    return bool(found == value) and repr(found) == repr(value)


def named(value: Any) -> str:
    """Return a name for the case of a test: short, and the same in every run."""
    settled = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
    return re.sub(" at 0x[0-9a-f]+", "", f"{type(value).__name__}-{settled!r}")[:60]
