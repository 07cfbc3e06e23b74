"""Expired rows of SQLiteStorage go away as writes go by, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botkeep import SQLiteStorage
from botkeep.testing import FakeClock
from botkeep.testing.samples import PIZZA

EXPIRED = 250


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def storage(path: Path, clock: FakeClock) -> AsyncIterator[SQLiteStorage]:
    """A storage with many rows that have expired."""
    async with SQLiteStorage(path, clock=clock) as storage:
        await asyncio.gather(*(storage.set_state(f"{number}", PIZZA, ttl=60) for number in range(EXPIRED)))
        clock.advance(61)
        yield storage


async def rows(storage: SQLiteStorage) -> int:
    count = "SELECT count(*) FROM documents"
    answer = await storage._open_connection().run(lambda database: database.execute(count).fetchone())
    return int(answer[0])


async def test_each_transaction_sweeps_a_hundred_rows_until_none_is_left(storage: SQLiteStorage) -> None:
    left = []
    for _ in range(4):
        await storage.set_state("live", PIZZA)
        left.append(await rows(storage) - 1)

    assert left == [150, 50, 0, 0]


async def test_a_large_batch_sweeps_no_more_than_a_small_one(storage: SQLiteStorage) -> None:
    await asyncio.gather(*(storage.set_state("live", PIZZA) for _ in range(200)))

    assert await rows(storage) == 1 + EXPIRED - 100


async def test_reading_sweeps_nothing(storage: SQLiteStorage) -> None:
    await storage.get_state("0")
    await storage.list_keys()

    assert await rows(storage) == EXPIRED


async def test_what_lives_is_not_swept(storage: SQLiteStorage) -> None:
    await storage.set_state("permanent", PIZZA)
    await storage.set_state("long", PIZZA, ttl=600)
    for _ in range(3):
        await storage.increment("count")

    assert await storage.list_keys() == ["count", "long", "permanent"]
    assert await rows(storage) == 3


async def test_when_all_is_swept_the_next_look_is_a_second_later(
    storage: SQLiteStorage, clock: FakeClock
) -> None:
    for _ in range(3):
        await storage.set_state("live", PIZZA)
    await storage.set_state("brief", PIZZA, ttl=0.5)
    clock.advance(0.75)
    await storage.set_state("live", PIZZA)
    at_once = await rows(storage)
    clock.advance(0.5)
    await storage.set_state("live", PIZZA)

    assert at_once == 2
    assert await rows(storage) == 1


async def test_a_row_that_was_not_swept_yet_counts_for_nothing(storage: SQLiteStorage) -> None:
    assert await storage.clear_namespace() == 0
    assert await rows(storage) == 0
