"""What type checkers see of dialogues: checked by mypy and pyright, never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from typing_extensions import assert_type

from botkeep import MemoryStorage
from botkeep.fsm import FSMContext, HeldLock, Ordering, State, StateKey, StatesGroup, Turn, Visit, state_key


@dataclass
class Pizza:
    size: int


class PizzaDict(TypedDict):
    size: int


class Order(StatesGroup):
    size = State()

    class Payment(StatesGroup):
        card = State()

    transitions = {None: [size], size: [Payment.card, None], "Order.Payment:card": [size]}  # noqa: RUF012 # as users write it


async def contexts() -> None:
    context = FSMContext(MemoryStorage(), StateKey(1, 2, 3), states=Order)
    FSMContext(MemoryStorage(), "user:7", states=[Order, Order.Payment])
    await context.set_state(Order.size)
    await context.set_state("Order:size")
    await context.set_state(None)
    assert_type(await context.get_state(), "str | None")
    assert_type(await context.get_state() == Order.size, bool)
    assert_type(await context.get_data(), dict[str, Any])
    assert_type(await context.get_data(Pizza), Pizza)
    assert_type(await context.get_data(PizzaDict), PizzaDict)
    assert_type(await context.update_data({"size": 5}, crust="thin"), dict[str, Any])
    await context.set_data(Pizza(30))
    await context.set_data(PizzaDict(size=30))
    assert_type(await context.get_history(), list[Visit])


async def turns(context: FSMContext) -> None:
    async with context.turn() as turn:
        assert_type(turn, Turn)
        turn.state = Order.size
        turn.state = None
        assert_type(turn.get_data(Pizza), Pizza)

    async def handler(turn: Turn) -> int:
        return int(turn.data["size"])

    assert_type(await context.run(handler), int)


async def orderings() -> None:
    async with Ordering(MemoryStorage()).of(StateKey(1, 2, 3)) as hold:
        assert_type(hold, HeldLock)


def groups() -> None:
    assert_type(list(Order), list[State])
    assert_type(Order.size in Order, bool)
    assert_type(len(Order), int)
    assert_type(state_key("chat", bot_id=1, chat_id=2, user_id=None), "StateKey | None")
