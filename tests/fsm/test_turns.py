from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest

from botkeep.abc import BaseStorage
from botkeep.errors import (
    ConflictError,
    DeadlockError,
    DocumentError,
    InvalidTransitionError,
    UnknownStateError,
)
from botkeep.fsm import FSMContext, State, StateKey, StatesGroup, Turn
from botkeep.testing import FakeClock


class Visitor(StatesGroup):
    name = State()
    age = State()
    done = State()

    transitions: ClassVar = {None: [name], name: [age], age: [done]}


async def count_up(turn: Turn) -> int:
    turn.data["count"] = turn.data.get("count", 0) + 1
    await asyncio.sleep(0)
    return int(turn.data["count"])


async def in_a_turn(context: FSMContext, handler: Callable[[Turn], Awaitable[object]]) -> None:
    async with context.turn() as turn:
        await handler(turn)


async def test_a_turn_writes_state_and_data_together(context: FSMContext) -> None:
    async with context.turn() as turn:
        assert (turn.state, turn.data) == (None, {})
        turn.state = Visitor.name
        turn.data["language"] = "de"
        assert await context.get_state() is None

    assert await context.get_state() == Visitor.name
    assert await context.get_data() == {"language": "de"}


async def test_a_turn_that_fails_writes_nothing(context: FSMContext) -> None:
    await context.set_state(Visitor.name)

    async def handler(turn: Turn) -> None:
        turn.state = Visitor.age
        turn.data["name"] = "?"
        raise RuntimeError("no such person")

    with pytest.raises(RuntimeError, match="no such person"):
        await in_a_turn(context, handler)

    assert await context.get_state() == Visitor.name
    assert await context.get_data() == {}


async def test_a_turn_that_is_cancelled_writes_nothing(context: FSMContext) -> None:
    async def never_ending() -> None:
        async with context.turn() as turn:
            turn.data["name"] = "?"
            await asyncio.Event().wait()

    task = asyncio.ensure_future(never_ending())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])

    assert await context.get_data() == {}


async def test_a_turn_that_changes_nothing_writes_nothing(
    storage: BaseStorage, key: StateKey, clock: FakeClock
) -> None:
    context = FSMContext(storage, key, idle_ttl=60)
    async with context.turn() as turn:
        turn.data["x"] = 1
        del turn.data["x"]
    assert await storage.namespace("fsm").list_keys() == []

    await context.update_data(x=1)
    clock.advance(20)
    async with context.turn() as turn:
        turn.data["x"] = 1
    assert await storage.namespace("fsm").get_ttl(str(key)) == pytest.approx(40)


async def test_another_type_of_an_equal_value_is_a_change(context: FSMContext) -> None:
    await context.update_data(x=1)
    async with context.turn() as turn:
        turn.data["x"] = True

    assert await context.get_value("x") is True


async def test_somebody_elses_change_meanwhile_is_a_conflict_and_is_kept(
    storage: BaseStorage, key: StateKey, context: FSMContext
) -> None:
    async def handler(turn: Turn) -> None:
        turn.data["mine"] = 1
        await FSMContext(storage, key).update_data(theirs=2)

    with pytest.raises(ConflictError) as raised:
        await in_a_turn(context, handler)

    error = raised.value
    assert error.identifier == str(key)
    assert error.mine == {"name": None, "data": {"mine": 1}}
    assert error.theirs == {"name": None, "data": {"theirs": 2}}
    assert "theirs is 2 there, None in this turn" in str(error)
    assert await context.get_data() == {"theirs": 2}


async def test_a_record_removed_meanwhile_is_a_conflict(context: FSMContext) -> None:
    await context.update_data(x=1)

    async def handler(turn: Turn) -> None:
        turn.data["x"] = 2
        await context.clear()

    with pytest.raises(ConflictError, match="the record was removed") as raised:
        await in_a_turn(context, handler)

    assert raised.value.theirs is None
    assert await context.get_data() == {}


async def test_of_many_turns_at_once_one_writes(context: FSMContext) -> None:
    async def enter() -> None:
        async with context.turn() as turn:
            turn.state = Visitor.name
            await asyncio.sleep(0.01)

    outcomes = await asyncio.gather(*(enter() for _ in range(20)), return_exceptions=True)

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 19


async def test_a_move_that_is_not_allowed_is_refused_on_assignment(context: FSMContext) -> None:
    async with context.turn() as turn:
        with pytest.raises(InvalidTransitionError):
            turn.state = Visitor.done
        with pytest.raises(UnknownStateError):
            turn.state = "Visitor:adress"
        turn.state = Visitor.name
        turn.state = "Visitor:age"
        with pytest.raises(InvalidTransitionError):
            turn.state = Visitor.name

    assert await context.get_state() == Visitor.age


@pytest.mark.parametrize("data", [5, [("x", 1)], {"x": object()}])
async def test_data_that_cannot_be_stored_is_refused_at_the_end(context: FSMContext, data: Any) -> None:
    async def handler(turn: Turn) -> None:
        turn.state = Visitor.name
        turn.data = data

    with pytest.raises(DocumentError, match=r"^data"):
        await in_a_turn(context, handler)

    assert await context.get_state() is None


async def test_a_turn_can_end_the_dialogue(
    storage: BaseStorage, clock: FakeClock, context: FSMContext
) -> None:
    await context.set_state(Visitor.name)
    await context.update_data(x=1)

    async with context.turn() as turn:
        turn.clear()
        assert (turn.state, turn.data) == (None, {})

    assert await context.get_state() is None
    assert await context.get_data() == {}
    clock.advance(0.01)
    assert await storage.namespace("fsm").list_keys() == []


async def test_a_turn_keeps_the_time_that_is_left_unless_it_enters_a_state(
    storage: BaseStorage, key: StateKey, clock: FakeClock, context: FSMContext
) -> None:
    await context.set_state("waiting", ttl=60)
    clock.advance(20)

    async with context.turn() as turn:
        turn.data["x"] = 1
    assert await storage.namespace("fsm").get_ttl(str(key)) == pytest.approx(40)

    async with context.turn(ttl=30) as turn:
        turn.data["x"] = 2
    assert await storage.namespace("fsm").get_ttl(str(key)) == pytest.approx(30)

    async with context.turn() as turn:
        turn.state = "elsewhere"
    assert await storage.namespace("fsm").get_ttl(str(key)) == float("inf")


async def test_a_turn_starts_the_idle_time_anew(
    storage: BaseStorage, key: StateKey, clock: FakeClock
) -> None:
    context = FSMContext(storage, key, idle_ttl=60)
    await context.set_state("waiting")
    clock.advance(20)

    async with context.turn() as turn:
        turn.data["x"] = 1

    assert await storage.namespace("fsm").get_ttl(str(key)) == pytest.approx(60)


async def test_a_ttl_that_is_none_is_refused_before_the_handler_works(context: FSMContext) -> None:
    begun = False

    with pytest.raises(ValueError, match="ttl must be"):
        async with context.turn(ttl=0):
            begun = True

    assert not begun


async def test_running_a_handler_returns_what_it_returns(context: FSMContext) -> None:
    assert await context.run(count_up) == 1
    assert await context.run(count_up) == 2
    assert await context.get_value("count") == 2


async def test_a_handler_runs_again_when_somebody_else_wrote(
    storage: BaseStorage, key: StateKey, context: FSMContext
) -> None:
    seen = []

    async def handler(turn: Turn) -> None:
        seen.append(turn.data.get("theirs"))
        turn.data["mine"] = True
        if len(seen) < 3:
            await FSMContext(storage, key).update_data(theirs=len(seen))

    await context.run(handler)

    assert seen == [None, 1, 2]
    assert await context.get_data() == {"theirs": 2, "mine": True}


async def test_many_runs_at_once_lose_nothing_and_run_once_each(storage: BaseStorage, key: StateKey) -> None:
    counts = await asyncio.gather(*(FSMContext(storage, key).run(count_up) for _ in range(50)))

    assert counts == list(range(1, 51))


async def test_a_handler_that_always_meets_a_conflict_gives_up_in_the_end(context: FSMContext) -> None:
    tries = 0

    async def handler(turn: Turn) -> None:
        nonlocal tries
        tries += 1
        turn.data["mine"] = tries
        await context.update_data(theirs=tries)

    with pytest.raises(ConflictError):
        await context.run(handler, attempts=3)

    assert tries == 3
    assert await context.get_data() == {"theirs": 3}


async def test_a_handler_that_fails_writes_nothing_and_is_not_repeated(context: FSMContext) -> None:
    tries = 0

    async def handler(turn: Turn) -> None:
        nonlocal tries
        tries += 1
        turn.data["x"] = 1
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await context.run(handler)

    assert tries == 1
    assert await context.get_data() == {}


async def test_a_conflict_of_another_dialogue_does_not_repeat_the_handler(
    storage: BaseStorage, context: FSMContext
) -> None:
    tries = 0

    async def handler(_: Turn) -> None:
        nonlocal tries
        tries += 1
        other = FSMContext(storage, "other")
        async with other.turn() as theirs:
            theirs.data["x"] = 1
            await other.update_data(y=2)

    with pytest.raises(ConflictError) as raised:
        await context.run(handler)

    assert raised.value.identifier == "other"
    assert tries == 1


async def test_a_run_inside_of_a_run_of_the_same_dialogue_is_an_error_not_a_deadlock(
    context: FSMContext,
) -> None:
    async def handler(_: Turn) -> None:
        await context.run(count_up)

    with pytest.raises(DeadlockError, match="would wait for itself") as raised:
        await asyncio.wait_for(context.run(handler), 5)

    assert raised.value.identifier == context.identifier
    assert await context.run(count_up) == 1


async def test_a_run_inside_of_a_run_of_another_dialogue_is_fine(
    storage: BaseStorage, context: FSMContext
) -> None:
    async def handler(_: Turn) -> int:
        return await FSMContext(storage, "other").run(count_up)

    assert await context.run(handler) == 1
