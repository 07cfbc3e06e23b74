"""What several machines that share a Redis do to each other's dialogues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import pytest
from tests.servers.redis_server import RedisServer

from botkeep.abc import BaseStorage
from botkeep.errors import ConflictError, InvalidTransitionError, LeaseLostError
from botkeep.fsm import FSMContext, Ordering, State, StateKey, StatesGroup, Turn
from botkeep.storages.redis import RedisStorage


class Ticket(StatesGroup):
    chosen = State()
    paid = State()

    transitions: ClassVar = {chosen: [paid]}


@pytest.fixture
async def machines(empty_redis: RedisServer) -> AsyncIterator[list[BaseStorage]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(RedisStorage.from_url(empty_redis.url)) for _ in range(2)]


async def test_of_a_hundred_fields_set_at_once_all_are_kept(
    machines: list[BaseStorage], key: StateKey
) -> None:
    await asyncio.gather(
        *(
            FSMContext(machines[number % 2], key).update_data({f"field{number}": number})
            for number in range(100)
        )
    )

    assert len(await FSMContext(machines[0], key).get_data()) == 100


async def test_of_many_that_make_the_same_move_at_once_one_succeeds(
    machines: list[BaseStorage], key: StateKey
) -> None:
    await FSMContext(machines[0], key).set_state(Ticket.chosen)

    outcomes = await asyncio.gather(
        *(FSMContext(machines[number % 2], key).set_state(Ticket.paid) for number in range(20)),
        return_exceptions=True,
    )

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, InvalidTransitionError) for outcome in outcomes) == 19


async def test_runs_on_two_machines_lose_nothing(machines: list[BaseStorage], key: StateKey) -> None:
    async def handler(turn: Turn) -> None:
        turn.data["count"] = turn.data.get("count", 0) + 1

    await asyncio.gather(
        *(FSMContext(machines[number % 2], key).run(handler, attempts=100) for number in range(20))
    )

    assert await FSMContext(machines[0], key).get_value("count") == 20


async def test_a_change_on_another_machine_is_a_conflict(machines: list[BaseStorage], key: StateKey) -> None:
    async def turn() -> None:
        async with FSMContext(machines[0], key).turn() as turn:
            turn.data["mine"] = 1
            await FSMContext(machines[1], key).update_data(theirs=2)

    with pytest.raises(ConflictError):
        await turn()

    assert await FSMContext(machines[0], key).get_data() == {"theirs": 2}


async def test_a_record_that_says_nothing_does_not_stay(machines: list[BaseStorage], key: StateKey) -> None:
    context = FSMContext(machines[0], key)
    await context.update_data(x=1)
    await context.clear_data()
    await asyncio.sleep(0.01)

    assert await machines[0].namespace("fsm").list_keys() == []


async def test_turns_on_two_machines_do_not_overlap(machines: list[BaseStorage], key: StateKey) -> None:
    log: list[Any] = []

    async def in_turn(number: int) -> None:
        async with Ordering(machines[number % 2]).of(key):
            log.append(number)
            await asyncio.sleep(0.001)
            log.append(number)

    await asyncio.gather(*(in_turn(number) for number in range(10)))

    assert log[0::2] == log[1::2]
    assert sorted(log[0::2]) == list(range(10))


async def test_a_late_write_is_refused(machines: list[BaseStorage], key: StateKey) -> None:
    first, second = machines

    async def turns() -> None:
        async with Ordering(first).of(key):
            # As if this machine had slept through its lease.
            await first._view("fsm//locks").delete_state(str(key))
            async with Ordering(second).of(key):
                await FSMContext(second, key).update_data(order="two pizzas")
            await FSMContext(first, key).update_data(order="one pizza")

    with pytest.raises(LeaseLostError):
        await turns()

    assert await FSMContext(first, key).get_data() == {"order": "two pizzas"}
