"""Batches of SQLiteStorage: many calls, one transaction; what fails fails alone, or all do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from botkeep import (
    CorruptDocumentError,
    CounterOverflowError,
    NotACounterError,
    SQLiteStorage,
    StorageUnavailableError,
)
from botkeep.testing.samples import PASTA, PIZZA

# A row under this identifier breaks a deferred constraint, which SQLite finds out at COMMIT and not before.
POISON = "poison"
DEFERRED_CHECK = f"""
PRAGMA foreign_keys = ON;
CREATE TABLE allowed (identifier TEXT PRIMARY KEY);
CREATE TABLE checked (identifier TEXT REFERENCES allowed DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER check_at_commit AFTER INSERT ON documents WHEN new.identifier = '{POISON}'
BEGIN INSERT INTO checked VALUES (new.identifier); END;
"""  # noqa: S608 # a constant


@pytest.fixture
async def storage(path: Path) -> AsyncIterator[SQLiteStorage]:
    async with SQLiteStorage(path) as storage:
        yield storage


@pytest.fixture
async def spoken(storage: SQLiteStorage) -> AsyncIterator[list[str]]:
    """The SQL that the storage's connection has run."""
    spoken: list[str] = []
    await storage.delete_state("absent")  # the first write gives the database a new id
    await storage._open_connection().run(lambda database: database.set_trace_callback(spoken.append))
    yield spoken
    await storage._open_connection().run(lambda database: database.set_trace_callback(None))


def transactions(spoken: list[str]) -> list[str]:
    return [words for words in spoken if words.startswith(("BEGIN", "COMMIT", "ROLLBACK"))]


async def test_calls_of_the_same_moment_are_one_transaction(
    storage: SQLiteStorage, spoken: list[str]
) -> None:
    await asyncio.gather(
        *(storage.set_state(f"order:{number}", PIZZA) for number in range(100)),
        *(storage.increment("count") for _ in range(100)),
        *(storage.get_state(f"order:{number}") for number in range(100)),
    )

    assert transactions(spoken) == ["BEGIN IMMEDIATE", "COMMIT"]


async def test_what_queues_during_a_transaction_is_the_next_one(
    storage: SQLiteStorage, spoken: list[str]
) -> None:
    async def work(worker: int) -> None:
        for number in range(10):
            await storage.set_state(f"order:{worker}", number)

    await asyncio.gather(*(work(worker) for worker in range(50)))

    assert spoken.count("COMMIT") < 100


async def test_a_lone_read_needs_no_transaction(storage: SQLiteStorage, spoken: list[str]) -> None:
    await storage.get_state("order")

    assert transactions(spoken) == []


async def test_reads_together_are_one_moment_and_take_no_write_lock(
    storage: SQLiteStorage, spoken: list[str]
) -> None:
    await asyncio.gather(storage.list_keys(), storage.list_namespaces(), storage.list_keys("order*"))

    assert transactions(spoken) == ["BEGIN", "COMMIT"]


async def test_calls_of_one_batch_happen_in_the_order_they_were_made(storage: SQLiteStorage) -> None:
    answers = await asyncio.gather(
        storage.get_state("order"),
        storage.set_state("order", 1),
        storage.increment("order"),
        storage.compare_and_set("order", 10, expected=2),
        storage.get_state("order"),
        storage.delete_state("order"),
        storage.exists("order"),
    )

    assert answers == [None, None, 2, True, 10, True, False]


async def test_a_call_that_fails_fails_alone(storage: SQLiteStorage, spoken: list[str]) -> None:
    await storage.set_state("order", PIZZA)
    await storage.set_state("count", 2**63 - 1)
    spoken.clear()
    good = [storage.increment(f"count:{number}") for number in range(20)]
    calls = [*good[:10], storage.increment("order"), storage.increment("count"), *good[10:]]

    results = await asyncio.gather(*calls, return_exceptions=True)

    assert results[:10] == results[12:] == [1] * 10
    assert [type(result) for result in results[10:12]] == [NotACounterError, CounterOverflowError]
    assert transactions(spoken) == ["BEGIN IMMEDIATE", "COMMIT"]
    assert (await storage.get_state("order"), await storage.get_state("count")) == (PIZZA, 2**63 - 1)


async def test_a_statement_that_sqlite_refuses_fails_alone(storage: SQLiteStorage) -> None:
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON documents WHEN new.identifier = 'bad' "
    abort = "BEGIN SELECT RAISE(ABORT, 'no bad documents here'); END"
    await storage._open_connection().run(lambda database: database.execute(refuse + abort))
    calls = [storage.set_state(identifier, PIZZA) for identifier in ("a", "bad", "b")]

    a, bad, b = await asyncio.gather(*calls, return_exceptions=True)

    assert (a, b) == (None, None)
    assert isinstance(bad, StorageUnavailableError)
    assert "no bad documents here" in str(bad)
    assert isinstance(bad.__cause__, sqlite3.Error)
    assert await storage.list_keys() == ["a", "b"]


async def test_a_commit_that_fails_fails_every_call_of_its_batch_and_no_other(
    storage: SQLiteStorage,
) -> None:
    await storage.set_state("order:0", PASTA)
    await storage._open_connection().run(lambda database: database.executescript(DEFERRED_CHECK))
    calls: list[Any] = [storage.set_state(f"order:{number}", PIZZA) for number in range(10)]

    results = await asyncio.gather(*calls, storage.set_state(POISON, PIZZA), return_exceptions=True)

    assert {type(result) for result in results} == {StorageUnavailableError}
    assert len({id(result) for result in results}) == 11
    assert await storage.list_keys() == ["order:0"]
    assert await storage.get_state("order:0") == PASTA
    assert await storage.increment("count") == 1


async def test_an_identifier_that_is_not_utf_8_harms_no_other_call(storage: SQLiteStorage) -> None:
    row = "INSERT INTO documents VALUES ('broken', CAST(x'ff' AS TEXT), '1', NULL, 0)"
    await storage._open_connection().run(lambda database: database.execute(row))
    broken = storage.namespace("broken")

    listed, count = await asyncio.gather(
        broken.list_keys(), storage.increment("count"), return_exceptions=True
    )

    assert isinstance(listed, CorruptDocumentError)
    assert count == 1
    assert await storage.increment("count") == 2
