from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.fsm import FSMContext, StateKey, Visit
from botkeep.testing import FakeClock


@pytest.fixture
def context(storage: BaseStorage, key: StateKey) -> FSMContext:
    return FSMContext(storage, key, history=3)


async def test_a_history_has_each_state_and_when_it_was_entered(
    context: FSMContext, clock: FakeClock
) -> None:
    begin = datetime.fromtimestamp(clock(), tz=timezone.utc)
    await context.set_state("waiting")
    clock.advance(60)
    await context.set_state(None)

    assert await context.get_history() == [
        Visit("waiting", begin),
        Visit(None, begin + timedelta(minutes=1)),
    ]


async def test_a_history_forgets_what_is_older_than_its_length(context: FSMContext) -> None:
    for number in range(5):
        await context.set_state(f"step{number}")

    assert [visit.state for visit in await context.get_history()] == ["step2", "step3", "step4"]


@pytest.mark.parametrize(("limit", "expected"), [(0, []), (1, ["b"]), (2, ["a", "b"]), (9, ["a", "b"])])
async def test_a_history_can_be_asked_for_its_end(
    context: FSMContext, limit: int, expected: list[str]
) -> None:
    await context.set_state("a")
    await context.set_state("b")

    assert [visit.state for visit in await context.get_history(limit)] == expected


@pytest.mark.parametrize("limit", [-1, True, "2"])
async def test_a_limit_that_is_no_number_is_refused(context: FSMContext, limit: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="limit must"):
        await context.get_history(limit)


@pytest.mark.parametrize("history", [-1, True, 1.5])
def test_a_length_that_is_no_number_is_refused(history: Any, key: StateKey, storage: BaseStorage) -> None:
    with pytest.raises((ValueError, TypeError), match="history must"):
        FSMContext(storage, key, history=history)


async def test_no_history_is_written_unless_asked_for(storage: BaseStorage, key: StateKey) -> None:
    context = FSMContext(storage, key)
    await context.set_state("a")

    assert await context.get_history() == []
    assert await storage.namespace("fsm").get_state(str(key)) == {"name": "a", "data": {}}


async def test_the_history_is_part_of_the_record(
    context: FSMContext, storage: BaseStorage, clock: FakeClock
) -> None:
    await context.set_state("a")

    record = await storage.namespace("fsm").get_state(context.identifier)
    assert record == {"name": "a", "data": {}, "history": [["a", clock()]]}


async def test_changing_the_data_leaves_the_history(context: FSMContext) -> None:
    await context.set_state("a")
    await context.update_data(x=1)
    await context.set_data({"y": 2})
    await context.clear_data()

    assert [visit.state for visit in await context.get_history()] == ["a"]


async def test_a_dialogue_without_state_and_data_keeps_its_history(
    context: FSMContext, clock: FakeClock
) -> None:
    await context.set_state("a")
    await context.set_state(None)
    clock.advance(3600)

    assert [visit.state for visit in await context.get_history()] == ["a", None]


async def test_clearing_removes_the_history(context: FSMContext) -> None:
    await context.set_state("a")
    await context.clear()

    assert await context.get_history() == []


async def test_a_turn_adds_each_state_it_enters(context: FSMContext) -> None:
    async with context.turn() as turn:
        turn.state = "a"
        turn.state = "b"

    assert [visit.state for visit in await context.get_history()] == ["a", "b"]
