from __future__ import annotations

from typing import ClassVar

import pytest

from botkeep.errors import InvalidTransitionError
from botkeep.fsm import State, StatesGroup
from botkeep.fsm.transitions import check


class Order(StatesGroup):
    size = State()
    address = State()
    done = State()

    transitions: ClassVar = {size: [address, size], address: [done]}


class Strict(StatesGroup):
    first = State()
    last = State()

    transitions: ClassVar = {None: [first], first: [last], last: [None]}


class Outer(StatesGroup):
    start = State()

    class Inner(StatesGroup):
        one = State()
        two = State()

        transitions: ClassVar = {one: [two]}

    end = State()

    transitions: ClassVar = {start: [Inner.one], Inner.two: [end]}


class Free(StatesGroup):
    anything = State()


def allowed(source: State | str | None, target: State | str | None) -> bool:
    before, after = (None if state is None else str(state) for state in (source, target))
    try:
        check(before, after, (group.__transitions__ for group in (Order, Strict, Outer, Outer.Inner, Free)))
    except InvalidTransitionError:
        return False
    return True


def test_a_listed_move_is_allowed_and_no_other() -> None:
    assert allowed(Order.size, Order.address)
    assert not allowed(Order.size, Order.done)
    assert not allowed(Order.address, Order.size)


def test_a_state_without_targets_is_final_within_its_group() -> None:
    assert not allowed(Order.done, Order.size)


def test_staying_is_a_move_that_must_be_listed() -> None:
    assert allowed(Order.size, Order.size)
    assert not allowed(Order.address, Order.address)


def test_a_group_that_does_not_mention_none_may_be_entered_and_left_anywhere() -> None:
    assert allowed(None, Order.address)
    assert allowed(Order.address, None)
    assert allowed(Free.anything, Order.done)
    assert allowed(Order.size, Free.anything)


def test_none_as_a_source_limits_where_a_group_is_entered() -> None:
    assert allowed(None, Strict.first)
    assert not allowed(None, Strict.last)
    assert not allowed(Order.size, Strict.last)
    assert not allowed("some state of no group", Strict.last)


def test_none_as_a_target_limits_where_a_group_is_left() -> None:
    assert allowed(Strict.last, None)
    assert allowed(Strict.last, Order.size)
    assert not allowed(Strict.first, None)
    assert not allowed(Strict.first, Free.anything)


def test_the_move_from_no_state_to_no_state_is_always_allowed() -> None:
    assert allowed(None, None)


def test_moves_inside_of_a_nested_group_are_its_own_affair() -> None:
    assert allowed(Outer.Inner.one, Outer.Inner.two)
    assert not allowed(Outer.Inner.two, Outer.Inner.one)


def test_moves_into_and_out_of_a_nested_group_are_those_of_the_group_around_it() -> None:
    assert allowed(Outer.start, Outer.Inner.one)
    assert allowed(Outer.Inner.two, Outer.end)
    assert not allowed(Outer.start, Outer.Inner.two)
    assert not allowed(Outer.Inner.one, Outer.end)


def test_a_subclass_may_allow_what_its_base_does_not() -> None:
    class Longer(Order):
        review = State()
        transitions: ClassVar = {**Order.transitions, Order.address: [review], review: [Order.done]}

    groups = [Order.__transitions__, Longer.__transitions__]

    check("Order:address", "Longer:review", groups)
    check("Longer:review", "Order:done", groups)
    check("Order:address", "Order:done", groups)


def test_the_error_names_both_states_and_what_would_be_allowed() -> None:
    with pytest.raises(InvalidTransitionError) as raised:
        check("Order:size", "Order:done", [Order.__transitions__])

    error = raised.value
    assert (error.source, error.target) == ("Order:size", "Order:done")
    assert error.allowed == ("Order:address", "Order:size")
    assert str(error) == "Order:done may not follow Order:size; allowed: Order:address, Order:size"


def test_the_error_speaks_of_no_state() -> None:
    with pytest.raises(
        InvalidTransitionError, match=r"^no state may not follow Strict:first; allowed: Strict:l"
    ):
        check("Strict:first", None, [Strict.__transitions__])

    with pytest.raises(
        InvalidTransitionError, match=r"^Strict:last may not follow no state; allowed: Strict:f"
    ):
        check(None, "Strict:last", [Strict.__transitions__])
