"""Dataclasses to plain dicts and back."""

from __future__ import annotations

import json
import math
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, List, Literal  # noqa: UP035 # as people write it
from uuid import UUID

import msgspec
import numpy as np
import pytest

from botkeep.errors import DocumentError
from botkeep.objects import exclude, from_dict, to_dict


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Topping:
    name: str
    grams: int = 20


@dataclass
class Pizza:
    size: Size
    toppings: list[Topping] = field(default_factory=list)
    extras: dict[int, Topping] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    place: tuple[int, float] = (0, 0.0)
    note: str | None = None
    base: Topping | None = None
    kind: Literal["thin", "thick"] = "thin"


@dataclass
class Moments:
    at: datetime
    on: date
    when: time
    lasts: timedelta
    key: UUID
    price: Decimal
    image: bytes


@dataclass
class Sensor:
    value: float
    driver: object = field(default_factory=object, metadata=exclude)


PIZZA = Pizza(
    Size.LARGE,
    [Topping("olives"), Topping("ham", 50)],
    {7: Topping("basil", 1)},
    {"b", "a"},
    (1, 2.0),
    "ring twice",
    Topping("tomato"),
    "thick",
)
PLAIN = {
    "size": "large",
    "toppings": [{"name": "olives", "grams": 20}, {"name": "ham", "grams": 50}],
    "extras": {7: {"name": "basil", "grams": 1}},
    "tags": ["a", "b"],
    "place": [1, 2.0],
    "note": "ring twice",
    "base": {"name": "tomato", "grams": 20},
    "kind": "thick",
}
MOMENTS = Moments(
    datetime(2026, 11, 21, 9, 30, tzinfo=timezone.utc),
    date(2026, 11, 21),
    time(9, 30),
    timedelta(hours=1.5),
    UUID(int=7),
    Decimal("9.90"),
    b"\x00\xff",
)


def test_a_dataclass_becomes_plain_dicts_and_lists() -> None:
    assert to_dict(PIZZA) == PLAIN
    assert to_dict([PIZZA, {"a": (PIZZA,)}, None]) == [PLAIN, {"a": [PLAIN]}, None]


def test_a_dict_becomes_a_dataclass_with_all_that_is_in_it() -> None:
    assert from_dict(Pizza, PLAIN) == PIZZA


def test_what_became_plain_survives_json() -> None:
    for value in (PIZZA, MOMENTS):
        assert from_dict(type(value), json.loads(json.dumps(to_dict(value)))) == value


def test_numbers_of_numpy_become_plain_ones() -> None:
    plain = to_dict({"a": np.float64(1.5), "b": [np.float64(2)]})

    assert plain == {"a": 1.5, "b": [2.0]}
    assert type(plain["a"]) is float


def test_excluded_fields_are_left_out_and_come_back_as_their_defaults() -> None:
    plain = to_dict(Sensor(1.5))

    assert plain == {"value": 1.5}
    assert from_dict(Sensor, plain).value == 1.5


@pytest.mark.parametrize("value", [object(), {"a": [1, {"b": print}]}, Sensor])
def test_what_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(DocumentError, match="has no form in JSON"):
        to_dict(value)


def test_the_error_names_the_place_of_what_json_does_not_know() -> None:
    with pytest.raises(DocumentError) as caught:
        to_dict({"pizzas": [Pizza(Size.SMALL, base=Topping("x", print))]})  # type: ignore[arg-type] # the point

    assert caught.value.path == "['pizzas'][0].base.grams"


def test_missing_fields_get_their_defaults_and_unknown_keys_are_ignored() -> None:
    pizza = from_dict(Pizza, {"size": "small", "colour": "red"})

    assert pizza == Pizza(Size.SMALL)
    assert pizza.toppings is not from_dict(Pizza, {"size": "small"}).toppings


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"toppings": [{"grams": 5}]}, "toppings[0]", "missing required field `name`"),
        ({"toppings": [{"name": "ham", "grams": "much"}]}, "toppings[0].grams", "Expected `int`, got `str`"),
        ({"toppings": [{"name": None}]}, "toppings[0].name", "Expected `str`, got `null`"),
        ({"size": "huge"}, "size", "Invalid enum value 'huge'"),
        ({"kind": "deep"}, "kind", "Invalid enum value 'deep'"),
        ({"place": [1]}, "place", "length 2"),
        ({"base": [1]}, "base", "Expected `object | null`, got `array`"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_the_field(
    change: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        from_dict(Pizza, {**PLAIN, **change})

    assert caught.value.path == path
    assert reason in caught.value.reason


def test_a_class_may_check_itself() -> None:
    with pytest.raises(DocumentError, match="negative"):
        from_dict(Checked, {"value": -1})


@dataclass
class Checked:
    value: int

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("negative")


@dataclass
class Slider:
    volume: int = 0
    steps: list[int] = field(default_factory=list)


def test_a_number_of_a_slider_comes_back_as_the_int_it_stands_for() -> None:
    assert from_dict(Slider, to_dict(Slider(7.0, [1.0, 2]))) == Slider(7, [1, 2])  # type: ignore[arg-type,list-item] # as NiceGUI does
    assert type(from_dict(Slider, {"volume": 7.0}).volume) is int


@dataclass
class Node:
    name: str
    children: list[Node] = field(default_factory=list)


@dataclass
class Labelled(Topping):
    label: str = ""


@dataclass
class Order:
    pizza: Topping
    by_name: dict[str, Topping] = field(default_factory=dict)
    prices: list[float] = field(default_factory=list)
    seats: Annotated[int, msgspec.Meta(ge=1)] = 1
    checked: Checked | None = None
    anything: List = field(default_factory=list)  # type: ignore[type-arg] # noqa: UP006 # as people write it


def test_a_class_may_hold_instances_of_itself() -> None:
    tree = Node("root", [Node("leaf"), Node("branch", [Node("leaf")])])

    assert from_dict(Node, to_dict(tree)) == tree


def test_an_instance_of_a_subclass_keeps_its_own_fields() -> None:
    order = Order(Labelled("ham", label="spicy"), {"a": Labelled("basil", label="mild")})

    assert to_dict(order)["pizza"] == {"name": "ham", "grams": 20, "label": "spicy"}
    assert to_dict(order)["by_name"]["a"]["label"] == "mild"


def test_what_is_written_is_a_copy() -> None:
    order = Order(Topping("ham"), prices=[1.5], anything=[[1]])
    plain = to_dict(order)
    plain["prices"].append(2.5)
    plain["anything"][0].append(2)

    assert (order.prices, order.anything) == ([1.5], [[1]])


@pytest.mark.parametrize(
    ("order", "path"),
    [
        (Order(Labelled("ham", label=7)), "pizza.label"),  # type: ignore[arg-type] # the point, here and below
        (Order(Topping("ham"), {"a": Topping("b"), "c": Topping("d", "e")}), "by_name['c'].grams"),  # type: ignore[arg-type]
        (Order(Topping("ham"), {7: Topping("b")}), "by_name"),  # type: ignore[dict-item]
        (Order(Topping("ham"), prices=[1.5, math.nan]), "prices[1]"),
        (Order(Topping("ham"), prices=[1.5, "much"]), "prices[1]"),  # type: ignore[list-item]
        (Order(Topping("ham"), seats=0), "seats"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_its_field_is_refused_where_it_lies(order: Order, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        to_dict(order)

    assert caught.value.path == path


def test_a_class_that_would_refuse_itself_is_refused_on_the_way_out() -> None:
    order = Order(Topping("ham"), checked=Checked(1))
    assert order.checked is not None
    order.checked.value = -1

    with pytest.raises(DocumentError, match="negative"):
        to_dict(order)


@dataclass
class Ambiguous:
    at: datetime | str


@dataclass
class TwoLists:
    values: list[int] | list[str]


@dataclass
class Sloppy:
    name: str = None  # type: ignore[assignment] # as people write it


@dataclass
class Wanting:
    seen: int
    start: InitVar[int] = 0


@dataclass
class ForTypeCheckers:
    path: "OnlyForTypeCheckers"  # type: ignore[name-defined] # noqa: F821,UP037 # nobody defines it


@dataclass
class Holder:
    inner: Any


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Ambiguous("soon"), "at"),
        (TwoLists(["a"]), "values"),
        (Sloppy(), "name"),
        (Wanting(1), "start"),
        (ForTypeCheckers(1), ""),
        (Holder([Sloppy()]), "inner[0].name"),
        (Holder(math.inf), "inner"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_could_not_be_read_back_is_refused_on_the_way_out(value: Any, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        to_dict(value)

    assert caught.value.path == path


@pytest.mark.parametrize("cls", [Ambiguous, TwoLists, Wanting, ForTypeCheckers])
def test_a_class_that_cannot_be_read_is_a_document_error_too(cls: type) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        from_dict(cls, {"at": "soon"})


def test_a_dataclass_that_contains_itself_is_refused() -> None:
    holder = Holder(None)
    holder.inner = holder

    with pytest.raises(DocumentError, match="contains itself"):
        to_dict(holder)
