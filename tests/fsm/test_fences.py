"""A process that stood still and lost its turn must not write any more."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from botkeep import SQLiteStorage
from botkeep.errors import LeaseLostError
from botkeep.fsm import FSMContext, HeldLock, Ordering, StateKey
from botkeep.testing import FakeClock

KEY = StateKey(42, -100, 7)

PAUSED = """
import asyncio, sys
from botkeep import SQLiteStorage
from botkeep.errors import LeaseLostError
from botkeep.fsm import FSMContext, Ordering, StateKey

async def main():
    key = StateKey(42, -100, 7)
    async with SQLiteStorage(sys.argv[1]) as storage:
        async with Ordering(storage, ttl=0.3).of(key):
            print("holding", flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            try:
                await FSMContext(storage, key).update_data(written_by="the process that was paused")
            except LeaseLostError as error:
                print("refused", error.identifier, flush=True)
            else:
                print("written", flush=True)

try:
    asyncio.run(main())
except LeaseLostError:
    print("lost", flush=True)
"""


class Machine(NamedTuple):
    """One of several that share a database; its clock stands still while it does."""

    storage: SQLiteStorage
    clock: FakeClock
    context: FSMContext

    def take_turn(self) -> Any:
        return Ordering(self.storage, ttl=30).of(KEY)


@pytest.fixture
async def machines(tmp_path: Path) -> Any:
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(2):
            clock = FakeClock()
            storage = await stack.enter_async_context(SQLiteStorage(tmp_path / "shared.db", clock=clock))
            found.append(Machine(storage, clock, FSMContext(storage, KEY)))
        yield found


async def lose_turn(
    machines: list[Machine], late: Callable[[HeldLock], Awaitable[object]], *, noticed: bool = True
) -> None:
    """Let the second machine have a turn while the first stands still in its own, and call ``late`` then."""
    first, second = machines
    async with first.take_turn() as hold:
        second.clock.advance(31)
        async with second.take_turn():
            await second.context.update_data(order="two pizzas")
        if noticed:
            first.clock.advance(31)
        await late(hold)


async def test_a_late_write_is_refused(machines: list[Machine]) -> None:
    context = machines[0].context

    for late in (
        lambda _: context.update_data(order="one pizza"),
        lambda _: context.set_data({}),
        lambda _: context.set_state("done"),
        lambda _: context.clear(),
        lambda hold: hold.check(),
    ):
        with pytest.raises(LeaseLostError):
            await lose_turn(machines, late)

    assert await context.get_data() == {"order": "two pizzas"}
    assert await context.get_state() is None


async def test_a_late_turn_is_refused(machines: list[Machine]) -> None:
    async def late(_: HeldLock) -> None:
        async with machines[0].context.turn() as turn:
            turn.data["order"] = "one pizza"

    with pytest.raises(LeaseLostError):
        await lose_turn(machines, late)

    assert await machines[1].context.get_data() == {"order": "two pizzas"}


async def test_a_late_write_is_refused_even_when_the_clock_says_nothing(machines: list[Machine]) -> None:
    """The fence in the record knows better than a clock that is slow."""
    context = machines[0].context

    with pytest.raises(LeaseLostError):
        await lose_turn(machines, lambda _: context.update_data(order="one pizza"), noticed=False)

    assert await context.get_data() == {"order": "two pizzas"}


async def test_a_late_write_is_refused_though_the_next_in_turn_has_not_written_yet(
    machines: list[Machine],
) -> None:
    first, second = machines

    async def turns() -> None:
        async with first.take_turn():
            for machine in machines:
                machine.clock.advance(31)
            async with second.take_turn():
                await first.context.update_data(order="one pizza")

    with pytest.raises(LeaseLostError):
        await turns()

    assert await second.context.get_data() == {}


async def test_a_late_write_is_refused_after_the_dialogue_was_ended(machines: list[Machine]) -> None:
    first, second = machines
    await first.context.update_data(order="none yet")

    async def turns() -> None:
        async with first.take_turn():
            second.clock.advance(31)
            async with second.take_turn():
                await second.context.clear()
            await first.context.update_data(order="one pizza")

    with pytest.raises(LeaseLostError):
        await turns()

    assert await second.context.get_data() == {}


async def test_the_fence_of_an_ended_dialogue_goes_after_a_while(machines: list[Machine]) -> None:
    first, _ = machines
    await first.context.update_data(order="none yet")
    async with first.take_turn() as hold:
        await first.context.clear()
    assert await first.context.get_data() == {}

    first.clock.advance(599)
    empty = {"name": None, "data": {}, "fence": hold.fence}
    assert await first.storage.namespace("fsm").get_state(str(KEY)) == empty
    first.clock.advance(1)
    assert await first.storage.namespace("fsm").list_keys() == []


async def test_what_follows_an_ended_dialogue_does_not_go_with_its_fence(machines: list[Machine]) -> None:
    first, _ = machines
    await first.context.update_data(order="none yet")
    async with first.take_turn():
        await first.context.clear()

    await first.context.update_data(order="two pizzas")
    first.clock.advance(601)

    assert await first.context.get_data() == {"order": "two pizzas"}


async def test_a_write_in_time_carries_the_fence(machines: list[Machine]) -> None:
    first, _ = machines
    async with first.take_turn() as hold:
        await first.context.update_data(order="one pizza")

    record = await first.storage.namespace("fsm").get_state(str(KEY))
    assert record == {"name": None, "data": {"order": "one pizza"}, "fence": hold.fence}


async def test_a_turn_longer_than_its_lease_is_renewed_by_its_writes(machines: list[Machine]) -> None:
    first, _ = machines
    async with first.take_turn():
        for number in range(5):
            first.clock.advance(20)
            # In real time the lease renews itself; the clock of this test leaves it no time to.
            await first.storage._view("fsm//locks").touch(str(KEY), ttl=30)
            await first.context.update_data(number=number)

    assert await first.context.get_value("number") == 4


async def test_a_write_outside_of_any_turn_needs_no_fence(machines: list[Machine]) -> None:
    first, second = machines
    async with second.take_turn():
        await second.context.update_data(order="two pizzas")

    await first.context.update_data(paid=True)

    assert await first.context.get_data() == {"order": "two pizzas", "paid": True}


async def test_a_dialogue_of_another_key_is_not_fenced(machines: list[Machine]) -> None:
    first, _ = machines
    other = FSMContext(first.storage, "other")
    async with first.take_turn():
        await other.update_data(x=1)

    assert await first.storage.namespace("fsm").get_state("other") == {"name": None, "data": {"x": 1}}


async def test_a_task_that_outlives_the_turn_writes_without_its_fence(machines: list[Machine]) -> None:
    first, _ = machines
    over = asyncio.Event()

    async def remind() -> None:
        await over.wait()
        await first.context.update_data(reminded=True)

    async with first.take_turn():
        reminder = asyncio.ensure_future(remind())
        await first.context.update_data(order="one pizza")
    async with first.take_turn():
        await first.context.update_data(order="two pizzas")
    over.set()
    await reminder

    assert await first.context.get_data() == {"order": "two pizzas", "reminded": True}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process and let it go on")
async def test_a_paused_process_finds_its_late_write_refused(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PAUSED, str(path), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"holding\n"
    process.send_signal(signal.SIGSTOP)

    async with SQLiteStorage(path) as storage:
        async with Ordering(storage, ttl=5).of(KEY):
            await FSMContext(storage, KEY).update_data(written_by="the next in turn")
        process.send_signal(signal.SIGCONT)
        output, _ = await process.communicate(b"go on\n")

        assert output.split() == [b"refused", str(KEY).encode(), b"lost"]
        assert await FSMContext(storage, KEY).get_value("written_by") == "the next in turn"
