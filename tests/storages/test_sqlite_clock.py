"""The time goes on with the data: after a clock stepped back, or jumped, nobody is locked out."""

# nobody else is in the event loop of a test

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from botkeep import FileStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.testing import FakeClock

HOUR = 3600.0


@pytest.fixture(params=[SQLiteStorage, FileStorage])
def make(request: pytest.FixtureRequest, path: Path) -> Callable[[FakeClock], BaseStorage]:
    """Make a storage on the one file, with a clock."""
    kind: Any = request.param
    return lambda clock: kind(path, clock=clock)


@pytest.mark.parametrize("step", [HOUR, 10 * 365 * 24 * HOUR])
async def test_after_a_restart_time_goes_on_from_the_latest_that_was_seen(
    make: Callable[[FakeClock], BaseStorage], step: float
) -> None:
    clock = FakeClock()
    async with make(clock) as storage:
        clock.advance(step)
        await storage.set_state("order", 1, ttl=30)
        clock.advance(-step)
    async with make(clock) as storage:
        ttl = await storage.get_ttl("order")
        clock.advance(31)

        assert ttl == pytest.approx(30, abs=1)
        assert not await storage.exists("order")


async def test_the_first_call_after_a_restart_counts_its_ttl_from_the_time_of_the_data(
    make: Callable[[FakeClock], BaseStorage],
) -> None:
    clock = FakeClock()
    async with make(clock) as storage:
        clock.advance(HOUR)
        await storage.set_state("order", 1)
        clock.advance(-HOUR)
    storage = make(clock)
    await storage.set_state("first", 1, ttl=30)  # opens

    assert await storage.get_ttl("first") == pytest.approx(30, abs=1)
    await storage.touch("order", ttl=60)
    assert await storage.get_ttl("order") == pytest.approx(60, abs=1)
    await storage.stop()


async def test_the_lock_of_a_dead_holder_ends_after_its_time_though_the_clock_stepped_back(
    make: Callable[[FakeClock], BaseStorage],
) -> None:
    clock = FakeClock()
    holder = make(clock)
    await holder.start()
    clock.advance(HOUR)
    await _take_and_die(holder)
    await holder.stop()
    clock.advance(-HOUR)
    async with make(clock) as other:
        held = await _is_held(other)
        clock.advance(31)

        assert held
        assert not await _is_held(other)


async def test_a_process_that_slept_through_a_step_learns_the_time_at_its_first_write(path: Path) -> None:
    clock = FakeClock()
    async with SQLiteStorage(path, clock=clock) as sleeper, SQLiteStorage(path, clock=clock) as other:
        await sleeper.set_state("order", 1)
        clock.advance(HOUR)
        await _take_and_die(other)
        clock.advance(-HOUR)

        assert await _is_held(sleeper)
        await sleeper.set_state("short", 1, ttl=30)
        assert await other.get_ttl("short") == pytest.approx(30, abs=1)
        clock.advance(31)
        assert not await _is_held(sleeper)


async def test_a_ttl_that_was_computed_before_the_step_was_known_is_no_shorter(path: Path) -> None:
    clock = FakeClock()
    async with SQLiteStorage(path, clock=clock) as sleeper, SQLiteStorage(path, clock=clock) as other:
        await sleeper.set_state("kept", 1, ttl=60)
        clock.advance(HOUR / 120)
        await other.set_state("later", 1)
        clock.advance(-HOUR / 120)
        await sleeper.set_state("short", 1, ttl=10)

        assert await other.get_ttl("short") == pytest.approx(10, abs=1)
        assert await sleeper.get_ttl("kept") == pytest.approx(30, abs=1)


async def test_the_time_is_written_at_most_once_a_second(path: Path) -> None:
    clock = FakeClock()

    def written() -> float:
        with closing(sqlite3.connect(path)) as database:
            (seen,) = database.execute("SELECT clock FROM file_properties").fetchone()
        return float(seen)

    async with SQLiteStorage(path, clock=clock) as storage:
        await storage.set_state("order", 1)
        first = written()
        clock.advance(0.5)
        await storage.set_state("order", 2)
        second = written()
        clock.advance(0.6)
        await storage.set_state("order", 3)

        assert (first, second, written()) == (clock() - 1.1, first, clock())


async def test_a_clock_that_never_steps_back_is_exact(make: Callable[[FakeClock], BaseStorage]) -> None:
    clock = FakeClock(1_800_000_000.123)
    async with make(clock) as storage:
        await storage.set_state("order", 1)
    async with make(clock) as storage:
        assert storage.now() == clock()


async def test_a_damaged_time_makes_nothing_expire(path: Path) -> None:
    clock = FakeClock()
    async with SQLiteStorage(path, clock=clock) as storage:
        await storage.set_state("order", 1, ttl=60)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE file_properties SET clock = clock * 2")

    async with SQLiteStorage(path, clock=clock) as storage:
        assert await storage.get_ttl("order") == 60
        await storage.set_state("order", 2)


async def _take_and_die(storage: BaseStorage) -> None:
    """Take the lock, and leave it behind as a killed process does."""
    await storage.namespace("locks of the dead").set_state("gate", 1, ttl=30)


async def _is_held(storage: BaseStorage) -> bool:
    return not await storage.namespace("locks of the dead").compare_and_set("gate", 2, expected=None, ttl=30)
