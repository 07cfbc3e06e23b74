from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any, TypedDict

import msgspec
import pydantic
import pytest

from botkeep.errors import DocumentError
from botkeep.fsm import FSMContext


@dataclass
class Address:
    street: str
    since: date


@dataclass
class Order:
    pizza: str
    size: int
    address: Address | None = None
    extras: list[str] = field(default_factory=list)


class OrderDict(TypedDict):
    pizza: str
    size: int


class OrderStruct(msgspec.Struct):
    pizza: str
    size: int


class OrderModel(pydantic.BaseModel):
    pizza: str
    size: int
    due: datetime | None = None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Order, Order("Margherita", 30)),
        (OrderDict, {"pizza": "Margherita", "size": 30}),
        (OrderStruct, OrderStruct("Margherita", 30)),
        (OrderModel, OrderModel(pizza="Margherita", size=30)),
    ],
)
async def test_data_can_be_read_as_a_type(context: FSMContext, kind: type[Any], expected: Any) -> None:
    await context.update_data(pizza="Margherita", size=30)

    assert await context.get_data(kind) == expected
    async with context.turn() as turn:
        assert turn.get_data(kind) == expected


@pytest.mark.parametrize(
    "data",
    [
        Order("Funghi", 26, Address("Rosenweg 12", date(2026, 3, 14)), ["basil"]),
        OrderStruct("Funghi", 26),
        OrderModel(pizza="Funghi", size=26, due=datetime(2026, 3, 14, 19, 30, tzinfo=timezone.utc)),
    ],
)
async def test_data_can_be_written_as_an_object_and_read_back(context: FSMContext, data: Any) -> None:
    await context.set_data(data)

    assert await context.get_data(type(data)) == data
    assert await context.get_value("pizza") == "Funghi"


async def test_an_object_can_be_put_into_data_that_is_there(context: FSMContext) -> None:
    await context.update_data(language="de")
    await context.update_data(OrderStruct("Funghi", 26), size=30)

    assert await context.get_data() == {"language": "de", "pizza": "Funghi", "size": 30}


async def test_a_turn_can_write_an_object(context: FSMContext) -> None:
    async with context.turn() as turn:
        turn.data = Order("Funghi", 26)

    assert await context.get_data(Order) == Order("Funghi", 26)


@pytest.mark.parametrize("kind", [Order, OrderDict, OrderStruct, OrderModel])
async def test_data_that_does_not_fit_is_refused_with_the_name_of_the_field(
    context: FSMContext, kind: type[Any]
) -> None:
    await context.update_data(pizza="Margherita", size="thirty")

    with pytest.raises(DocumentError) as raised:
        await context.get_data(kind)

    assert raised.value.path == "size"
    assert kind.__name__ in str(raised.value)


@pytest.mark.parametrize("kind", [Order, OrderDict, OrderStruct, OrderModel])
async def test_a_field_that_is_missing_is_named(context: FSMContext, kind: type[Any]) -> None:
    await context.update_data(pizza="Margherita")

    with pytest.raises(DocumentError, match="size"):
        await context.get_data(kind)


async def test_a_field_deep_inside_is_named_with_its_path(context: FSMContext) -> None:
    await context.update_data(pizza="Funghi", size=26, address={"street": 12, "since": "2026-03-14"})

    with pytest.raises(DocumentError) as raised:
        await context.get_data(Order)

    assert raised.value.path == "address.street"
