"""How long dialogues last."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import pytest

from botkeep import KEEP_TTL, NO_TTL, MemoryStorage
from botkeep.abc import BaseStorage
from botkeep.errors import InvalidTransitionError
from botkeep.fsm import FSMContext, State, StateKey, StatesGroup
from botkeep.testing import FakeClock


class Offer(StatesGroup):
    made = State()
    taken = State()

    transitions: ClassVar = {None: [made], made: [None]}


async def left(storage: BaseStorage, key: StateKey) -> float | None:
    return await storage.namespace("fsm").get_ttl(str(key))


async def test_a_state_lives_as_long_as_it_is_told(clock: FakeClock, context: FSMContext) -> None:
    await context.set_state("waiting", ttl=60)
    clock.advance(59)
    assert await context.get_state() == "waiting"

    clock.advance(1)
    assert await context.get_state() is None
    assert await context.get_data() == {}


async def test_changing_the_data_keeps_the_time_that_is_left(
    storage: BaseStorage, key: StateKey, clock: FakeClock, context: FSMContext
) -> None:
    await context.set_state("waiting", ttl=60)
    clock.advance(20)

    await context.update_data(pizza="Margherita")
    assert await left(storage, key) == pytest.approx(40)
    await context.set_data({"pizza": "Funghi"})
    assert await left(storage, key) == pytest.approx(40)
    await context.clear_data()
    assert await left(storage, key) == pytest.approx(40)


async def test_a_new_state_does_not_inherit_the_time_of_the_old_one(
    storage: BaseStorage, key: StateKey, context: FSMContext
) -> None:
    await context.set_state("waiting", ttl=60)
    await context.set_state("done")
    assert await left(storage, key) == math.inf


async def test_a_new_state_may_keep_the_time_of_the_old_one(
    storage: BaseStorage, key: StateKey, clock: FakeClock, context: FSMContext
) -> None:
    await context.set_state("waiting", ttl=60)
    clock.advance(20)
    await context.set_state("done", ttl=KEEP_TTL)

    assert await left(storage, key) == pytest.approx(40)


async def test_each_change_starts_the_idle_time_anew(
    storage: BaseStorage, key: StateKey, clock: FakeClock
) -> None:
    context = FSMContext(storage, key, idle_ttl=60)
    await context.set_state("waiting")
    for number in range(3):
        clock.advance(50)
        await context.update_data(number=number)
    clock.advance(50)
    await context.update_data(number=2)

    assert await left(storage, key) == pytest.approx(60)

    clock.advance(60)
    assert await context.get_state() is None


async def test_reading_and_a_refused_change_do_not_start_the_idle_time_anew(
    storage: BaseStorage, key: StateKey, clock: FakeClock
) -> None:
    context = FSMContext(storage, key, idle_ttl=60)
    await context.set_state(Offer.made)
    clock.advance(50)

    await context.get_data()
    with pytest.raises(InvalidTransitionError):
        await context.set_state(Offer.taken)

    assert await left(storage, key) == pytest.approx(10)


async def test_a_ttl_goes_before_the_idle_time(storage: BaseStorage, key: StateKey) -> None:
    context = FSMContext(storage, key, idle_ttl=60)

    await context.set_state("waiting", ttl=5)
    assert await left(storage, key) == pytest.approx(5)
    await context.set_state("waiting", ttl=NO_TTL)
    assert await left(storage, key) == math.inf


async def test_without_any_time_the_default_of_the_storage_holds(clock: FakeClock, key: StateKey) -> None:
    async with MemoryStorage(default_ttl=60, clock=clock) as storage:
        context = FSMContext(storage, key)
        await context.update_data(pizza="Margherita")
        clock.advance(50)
        await context.update_data(pizza="Funghi")
        assert await left(storage, key) == pytest.approx(60)

        clock.advance(50)
        await context.set_state("waiting")
        assert await left(storage, key) == pytest.approx(60)


@pytest.mark.parametrize("ttl", [0, -1, math.nan, True, "60"])
async def test_a_time_that_is_none_is_refused(storage: BaseStorage, context: FSMContext, ttl: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="ttl must be"):
        await context.set_state("waiting", ttl=ttl)
    with pytest.raises((ValueError, TypeError), match="ttl must be"):
        FSMContext(storage, "user:7", idle_ttl=ttl)

    assert await context.get_state() is None


async def test_a_dialogue_that_goes_on_does_not_vanish_by_the_storage_s_default_ttl(
    clock: FakeClock, key: StateKey
) -> None:
    async with MemoryStorage(60, clock=clock) as storage:
        context = FSMContext(storage, key)
        await context.set_state("waiting")
        for number in range(5):
            clock.advance(40)
            await context.update_data(number=number)

        assert await context.get_state() == "waiting"
        clock.advance(60)
        assert await context.get_state() is None


async def test_a_ttl_of_its_own_is_kept_where_the_storage_has_a_default_one(
    clock: FakeClock, key: StateKey
) -> None:
    async with MemoryStorage(3600, clock=clock) as storage:
        context = FSMContext(storage, key)
        await context.set_state("waiting", ttl=60)
        clock.advance(20)
        await context.update_data(pizza="Margherita")
        assert await left(storage, key) == pytest.approx(40)

        await context.set_state("done")
        await context.update_data(pizza="Funghi")
        assert await left(storage, key) == pytest.approx(3600)
