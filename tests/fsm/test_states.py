from __future__ import annotations

import copy
from typing import Any, ClassVar

import pytest

from botkeep.errors import UnknownStateError
from botkeep.fsm import State, StatesGroup
from botkeep.fsm.states import StatesGroupMeta


class Order(StatesGroup):
    size = State()

    class Payment(StatesGroup):
        card = State()

        class Refund(StatesGroup):
            reason = State()

    address = State("where_to")


class Pizza(Order):
    topping = State()


def test_a_state_is_named_after_its_group_and_attribute() -> None:
    assert str(Order.size) == "Order:size"


def test_a_state_may_have_a_name_of_its_own_behind_the_colon() -> None:
    assert str(Order.address) == "Order:where_to"


def test_a_state_of_a_nested_group_is_named_after_all_groups_around_it() -> None:
    assert str(Order.Payment.card) == "Order.Payment:card"
    assert str(Order.Payment.Refund.reason) == "Order.Payment.Refund:reason"


def test_a_state_equals_its_name_and_hashes_like_it() -> None:
    found = {"Order:size": 1}

    assert Order.size == "Order:size"
    assert Order.size != "Order:where_to"
    assert Order.size != Order.address
    assert Order.size is not None
    assert found[Order.size] == 1  # type: ignore[index] # a State equals its name, which the types do not know


def test_a_copy_of_a_state_equals_it() -> None:
    assert copy.deepcopy(Order.Payment.card) == Order.Payment.card


def test_a_group_iterates_over_its_states_in_the_order_of_definition() -> None:
    assert [str(state) for state in Order] == [
        "Order:size",
        "Order.Payment:card",
        "Order.Payment.Refund:reason",
        "Order:where_to",
    ]


def test_a_group_iterates_over_inherited_states_first() -> None:
    assert list(Pizza) == [*Order, Pizza.topping]
    assert len(Pizza) == 5


def test_an_inherited_state_is_the_same_state_in_both_groups() -> None:
    assert Pizza.size is Order.size
    assert str(Pizza.size) == "Order:size"
    assert str(Pizza.topping) == "Pizza:topping"


def test_a_state_that_is_defined_again_takes_the_place_of_the_inherited_one() -> None:
    class Small(Order):
        size = State()

    assert str(Small.size) == "Small:size"
    assert "Order:size" not in Small
    assert len(Small) == len(Order)


def test_a_group_knows_its_states_by_object_and_by_name() -> None:
    assert Order.size in Order
    assert "Order.Payment:card" in Order
    assert Pizza.topping not in Order
    assert "size" not in Order
    assert 5 not in Order


def test_a_group_defined_elsewhere_keeps_its_names_inside_another() -> None:
    class Delivery(StatesGroup):
        time = State()

    class Catering(StatesGroup):
        guests = State()
        Delivery_ = Delivery

    assert list(Catering) == ["Catering:guests", "Delivery:time"]


def test_a_group_inside_of_a_plain_class_is_named_without_it() -> None:
    class Handlers:
        class Survey(StatesGroup):
            age = State()

    assert str(Handlers.Survey.age) == "Survey:age"


def test_states_may_have_the_names_of_anything_that_groups_have() -> None:
    class Odd(StatesGroup):
        name = State()
        group = State()
        states = State()

    assert [str(state) for state in Odd] == ["Odd:name", "Odd:group", "Odd:states"]


def test_a_state_knows_its_group() -> None:
    assert Order.size.group is Order
    assert Order.size.name == "size"
    assert Pizza.size.group is Order


def test_a_state_without_a_group_has_the_name_it_is_given() -> None:
    waiting = State("waiting")

    assert str(waiting) == "waiting"
    assert waiting == "waiting"
    assert waiting.group is None


def test_a_state_without_group_and_name_says_what_it_lacks() -> None:
    with pytest.raises(UnknownStateError, match=r"has no name: define it in a StatesGroup") as raised:
        str(State())

    assert isinstance(raised.value.state, State)


def test_two_states_without_a_name_are_not_equal() -> None:
    assert State() != State()


@pytest.mark.parametrize("name", ["", 5])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(UnknownStateError, match="is no name for a state"):
        State(name)


def test_one_state_cannot_have_two_names() -> None:
    with pytest.raises(TypeError, match=r"Twice\.second is Twice\.first already"):

        class Twice(StatesGroup):
            first = State()
            second = first


def test_two_states_cannot_have_one_name() -> None:
    with pytest.raises(TypeError, match="two states of Twins are called Twins:same"):

        class Twins(StatesGroup):
            first = State("same")
            second = State("same")


def test_an_empty_group_is_true() -> None:
    class Empty(StatesGroup):
        pass

    assert bool(Empty)
    assert list(Empty) == []


def test_transitions_can_be_read_by_state_once_the_group_is_defined() -> None:
    class Survey(StatesGroup):
        age = State()

        class Contact(StatesGroup):
            mail = State()
            phone = State()
            transitions: ClassVar = {mail: [phone]}

        transitions: ClassVar = {None: [age], age: [Contact.mail, None]}

    assert Survey.transitions == {None: (Survey.age,), Survey.age: (Survey.Contact.mail, None)}
    assert Survey.Contact.transitions[Survey.Contact.mail] == (Survey.Contact.phone,)


def test_transitions_to_a_state_of_another_group_are_refused_with_the_states_that_would_do() -> None:
    with pytest.raises(UnknownStateError, match=r"'Order:size'.*not one of its states: Survey:age") as raised:

        class Survey(StatesGroup):
            age = State()
            transitions: ClassVar = {age: [Order.size]}

    assert raised.value.state is Order.size


@pytest.mark.parametrize("transitions", [5, ["Broken:only"], {"Broken:only": "Broken:only"}, {None: 5}])
def test_transitions_that_are_no_dict_of_lists_are_refused(transitions: Any) -> None:
    with pytest.raises(TypeError, match="Broken"):
        StatesGroupMeta("Broken", (StatesGroup,), {"only": State(), "transitions": transitions})
