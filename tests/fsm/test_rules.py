"""Which groups have a say: those given as ``states``, or all that are defined."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from botkeep import MemoryStorage
from botkeep.errors import InvalidTransitionError, UnknownStateError
from botkeep.fsm import FSMContext, State, StatesGroup
from botkeep.fsm.rules import Rules
from botkeep.fsm.states import StatesGroupMeta


class Booking(StatesGroup):
    date = State()
    seats = State()
    paid = State()

    transitions: ClassVar = {None: [date], date: [seats], seats: [paid], paid: [None]}


class Talk(StatesGroup):
    topic = State()

    class Details(StatesGroup):
        mail = State()
        transitions: ClassVar = {None: [mail]}


def group_called(name: str, module: str, states: list[str], transitions: Any) -> Any:
    return StatesGroupMeta(
        name,
        (StatesGroup,),
        {
            "__module__": module,
            "__qualname__": name,
            **{state: State() for state in states},
            "transitions": transitions,
        },
    )


def test_transitions_hold_for_states_and_for_their_names() -> None:
    for target in (Booking.paid, "Booking:paid"):
        with pytest.raises(InvalidTransitionError):
            Rules().enter(target, "Booking:date")

    assert Rules().enter("Booking:seats", "Booking:date") == "Booking:seats"


def test_a_stored_state_of_no_group_is_outside_of_all() -> None:
    assert Rules().enter(Booking.date, "Menu:main") == "Booking:date"
    with pytest.raises(InvalidTransitionError):
        Rules().enter(Booking.paid, "Menu:main")


def test_a_state_of_no_group_may_be_entered() -> None:
    assert Rules().enter("waiting_for_age", None) == "waiting_for_age"
    assert Rules().enter(State("waiting_for_age"), None) == "waiting_for_age"


def test_a_misspelt_name_does_not_slip_past_transitions() -> None:
    with pytest.raises(
        UnknownStateError, match=r"'Booking:dates' is no state of .*Booking:date, Booking:seats"
    ) as raised:
        Rules().enter("Booking:dates", None)

    assert raised.value.state == "Booking:dates"


@pytest.mark.parametrize("states", [Booking, [Booking], (Booking, Talk)])
def test_only_the_states_of_given_groups_may_be_entered(states: Any) -> None:
    with pytest.raises(
        UnknownStateError, match=r"'Menu:main' is none of the states Booking:date, Booking:paid"
    ):
        Rules(states).enter("Menu:main", None)

    assert Rules(states).enter("Booking:date", "Menu:main") == "Booking:date"


def test_a_state_of_another_group_is_refused_by_name_and_as_an_object() -> None:
    for state in (Talk.topic, "Talk:topic"):
        with pytest.raises(UnknownStateError, match="'Talk:topic' is none of the states Booking:date"):
            Rules(Booking).enter(state, None)


def test_given_groups_include_those_nested_in_them() -> None:
    rules = Rules(Talk)

    assert rules.enter("Talk.Details:mail", "Talk:topic") == "Talk.Details:mail"
    assert rules.enter(None, "Talk.Details:mail") is None


@pytest.mark.parametrize("states", [Booking.date, ["Booking"], 5])
def test_something_else_than_groups_is_refused(states: Any) -> None:
    with pytest.raises(TypeError):
        FSMContext(MemoryStorage(), "user:7", states=states)


@pytest.mark.parametrize("state", [5, "", True, object()])
def test_something_else_than_a_state_is_refused(state: Any) -> None:
    with pytest.raises(UnknownStateError, match="is no state; give a State, its name, or None"):
        Rules().enter(state, None)


def test_a_group_in_place_of_a_state_is_refused_with_its_states() -> None:
    group: Any = Talk

    with pytest.raises(
        UnknownStateError, match=r"is a group; give one of its states: Talk:topic, Talk\.Details"
    ):
        Rules().enter(group, None)


def test_two_modules_may_use_one_name_for_different_groups() -> None:
    shop = group_called("Case", "shop", ["opened", "sent"], {"Case:opened": ["Case:sent"]})
    court = group_called("Case", "court", ["opened", "closed"], {"Case:opened": ["Case:closed"]})

    assert Rules().enter(shop.sent, "Case:opened") == "Case:sent"
    assert Rules().enter(court.closed, "Case:opened") == "Case:closed"
    assert Rules().enter("Case:closed", "Case:opened") == "Case:closed"


def test_a_state_goes_by_the_transitions_of_its_own_group_where_a_name_is_used_twice() -> None:
    strict = group_called("Door", "strict", ["open", "shut"], {"Door:open": ["Door:open"]})
    loose = group_called("Door", "loose", ["open", "shut"], {"Door:open": ["Door:shut"]})

    assert Rules().enter(loose.shut, "Door:open") == "Door:shut"
    with pytest.raises(InvalidTransitionError):
        Rules().enter(strict.shut, "Door:open")


def test_a_group_that_is_defined_again_replaces_the_old_one() -> None:
    old = group_called("Lamp", "house", ["on", "off"], {"Lamp:on": []})
    new = group_called("Lamp", "house", ["on", "off"], {"Lamp:on": ["Lamp:off"]})

    assert Rules().enter("Lamp:off", "Lamp:on") == "Lamp:off"
    assert old.on == new.on
