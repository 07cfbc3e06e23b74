"""Dataclasses, Structs and models go in as they are, and come back typed where the reader names the type."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

import msgspec
import pydantic
import pytest

from botkeep import DocumentError, documents

SEVEN = UUID(int=7)


class Size(enum.Enum):
    LARGE = "large"


@dataclass
class Item:
    name: str
    price: Decimal


@dataclass
class Order:
    items: list[Item]
    size: Size = Size.LARGE
    at: datetime = datetime(2026, 11, 21, tzinfo=timezone.utc)
    day: date = date(2026, 11, 21)
    within: timedelta = timedelta(minutes=30)
    toppings: set[str] = field(default_factory=lambda: {"ham", "olives"})
    seats: frozenset[int] = frozenset({1, 2})
    position: tuple[int, float] = (1, 2.5)
    photo: bytes = b"\x89PNG"
    number: UUID = SEVEN
    portions: dict[int, str] = field(default_factory=lambda: {1: "small"})
    note: str | None = None


class Address(msgspec.Struct, rename="camel"):
    street_name: str
    seen: set[int] = set()


class Circle(msgspec.Struct, tag=True):
    radius: float


class Square(msgspec.Struct, tag=True):
    side: float


class Point(msgspec.Struct, array_like=True, frozen=True):
    x: int
    y: int


@dataclass(frozen=True)
class Seat:
    row: int


class Extra(pydantic.BaseModel):
    at: datetime
    tags: set[str]
    amounts: dict[int, Decimal]
    inner: list[Extra] = []


class Aliased(pydantic.BaseModel):
    user_name: str = pydantic.Field(alias="userName")


class Count(pydantic.RootModel[int]):
    pass


class Draft(TypedDict):
    text: str
    at: datetime


NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
EXTRA = Extra(at=NOON, tags={"x"}, amounts={1: Decimal("9.90")})

TYPED: list[tuple[Any, Any]] = [
    (Order([Item("pizza", Decimal("9.90"))]), Order),
    ([Order([]), Order([], note="x")], list[Order]),
    (Address("Kirchgasse", {1, 2}), Address),
    ([Circle(1.5), Square(2.5)], list[Circle | Square]),
    (Point(1, 2), Point),
    ({Point(1, 2)}, set[Point]),
    (EXTRA, Extra),
    (Extra(at=NOON, tags=set(), amounts={}, inner=[EXTRA]), Extra),
    (Aliased(userName="anna"), Aliased),
    (Count(5), Count),
    ({"text": "x", "at": NOON}, Draft),
    ({1: Size.LARGE}, dict[int, Size]),
    (Size.LARGE, Size),
]


@pytest.mark.parametrize(("value", "kind"), TYPED, ids=lambda value: str(value)[:30])
def test_what_was_stored_comes_back_as_the_type_the_reader_names(value: Any, kind: Any) -> None:
    document = documents.decode(documents.encode(value))

    assert documents.convert(document, kind) == value


UNFIT: list[tuple[Any, Any, str]] = [
    ({"items": [{"name": "pizza", "price": "much"}]}, Order, "items[0].price"),
    ({"items": [], "note": 5}, Order, "note"),
    ({"items": [], "portions": {"many": "x"}}, Order, "portions"),
    ({"streetName": 5}, Address, "streetName"),
    ([{"type": "Circle", "radius": 1.0}, {"type": "Square", "side": "x"}], list[Circle | Square], "[1].side"),
    ({"at": "soon", "tags": [], "amounts": {}}, Extra, "at"),
    ({"at": NOON, "tags": [], "amounts": {}, "inner": [{"at": NOON, "tags": 5}]}, Extra, "inner[0].tags"),
    ("x", int, ""),
]


@pytest.mark.parametrize(("document", "kind", "path"), UNFIT, ids=lambda value: str(value)[:30])
def test_a_document_that_does_not_fit_names_the_field_and_the_type(
    document: Any, kind: Any, path: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        documents.convert(document, kind)

    assert caught.value.path == path
    assert getattr(kind, "__name__", str(kind)) in str(caught.value)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(DocumentError, match="items"):
        documents.convert({"note": "x"}, Order)
    with pytest.raises(DocumentError, match="at"):
        documents.convert({}, Extra)


@pytest.mark.parametrize("kind", [Order, Address, Extra, int, Size])
def test_a_class_given_in_place_of_an_instance_is_refused(kind: type) -> None:
    with pytest.raises(DocumentError, match="cannot be stored"):
        documents.encode({"order": kind})


@pytest.mark.parametrize(
    "value", [{Seat(1)}, {"seats": {Size.LARGE, ("x", Seat(1))}}], ids=["item", "nested"]
)
def test_a_set_refuses_what_could_not_be_read_back_into_it(value: Any) -> None:
    with pytest.raises(DocumentError):
        documents.encode(value)


class Renamed(pydantic.BaseModel):
    name: str = pydantic.Field(validation_alias="n")


class Chosen(pydantic.BaseModel):
    name: str = pydantic.Field(validation_alias=pydantic.AliasChoices("n", "called"))


class Nested(pydantic.BaseModel):
    inner: Renamed
    others: list[Chosen]


class Computing(pydantic.BaseModel, extra="forbid"):
    width: int

    @pydantic.computed_field  # type: ignore[prop-decorator] # mypy knows no decorated property
    @property
    def area(self) -> int:
        return self.width**2


class Raw(pydantic.BaseModel):
    payload: pydantic.Json[dict[str, int]]


class Strict(pydantic.BaseModel, strict=True):
    size: Size


class Hiding(pydantic.BaseModel):
    note: str = pydantic.Field(exclude=True)


MODELS = [
    Renamed.model_validate({"n": "Ada"}),
    Chosen.model_validate({"n": "Ada"}),
    Nested.model_validate({"inner": {"n": "Ada"}, "others": [{"called": "Bob"}]}),
    Computing(width=3),
    Raw.model_validate({"payload": '{"a": 1}'}),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_comes_back_whatever_names_it_is_read_and_dumped_by(model: pydantic.BaseModel) -> None:
    document = documents.decode(documents.encode({"model": model}))

    assert documents.convert(document["model"], type(model)) == model


@pytest.mark.parametrize(
    ("model", "path"),
    [(Strict(size=Size.LARGE), "order.size"), (Hiding(note="x"), "order.note")],
    ids=["strict", "left out"],
)
def test_a_model_that_could_not_be_read_back_is_refused_where_it_is_stored(
    model: pydantic.BaseModel, path: str
) -> None:
    with pytest.raises(DocumentError, match="read back") as caught:
        documents.encode({"order": model})

    assert caught.value.path == path


@dataclass
class Volume:
    volume: int
    steps: list[int] = field(default_factory=list)
    rooms: dict[str, int | None] = field(default_factory=dict)
    anything: Any = None


def test_a_whole_number_with_a_point_is_an_int_where_one_is_expected() -> None:
    stored = {"volume": 7.0, "steps": [1, 2.0, 3.0], "rooms": {"a": 1.0, "b": None}, "anything": 9.0}

    found = documents.convert(stored, Volume)

    assert repr(found) == repr(Volume(7, [1, 2, 3], {"a": 1, "b": None}, 9.0))
    assert stored["volume"] == 7.0
    with pytest.raises(DocumentError, match="steps"):
        documents.convert({"volume": 7.0, "steps": [2.0, 1.5]}, Volume)


def test_keys_that_were_booleans_come_back_as_booleans() -> None:
    answers = [{"votes": {True: 3, False: 2}}]

    document = documents.decode(documents.encode(answers))

    assert documents.convert(document, list[dict[str, dict[bool, int]]]) == answers


@pytest.mark.parametrize("kind", [datetime | str, list[int] | list[str]], ids=str)
def test_a_type_that_cannot_be_told_from_another_is_a_document_error(kind: Any) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        documents.convert("2026-11-21", kind)


def test_a_field_that_cannot_be_stored_is_named_as_such() -> None:
    with pytest.raises(DocumentError, match="object cannot be stored") as caught:
        documents.encode([Loose(inner={"a": [object()]})])

    assert caught.value.path == "[0].inner.a[0]"


class Loose(pydantic.BaseModel):
    inner: Any
