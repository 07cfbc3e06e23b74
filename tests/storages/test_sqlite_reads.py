"""Reads that SQLiteStorage answers on the event loop's thread: at once, of the present, in order."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from botkeep import CorruptDocumentError, RateLimiter, SQLiteStorage, StateKey, StorageUnavailableError
from botkeep.fsm import FSMContext
from botkeep.storages.sqlite import reader as reads
from botkeep.testing import FakeClock
from botkeep.testing.samples import PASTA, PIZZA

LARGE = {"text": "x" * reads.BIG_BYTES}


@pytest.fixture
async def storage(path: Path) -> AsyncIterator[SQLiteStorage]:
    async with SQLiteStorage(path, timeout=60) as storage:
        await storage.set_state("order", PIZZA)
        yield storage


@pytest.fixture
async def asked(storage: SQLiteStorage) -> AsyncIterator[list[str]]:
    """What the connection's thread was asked to read."""
    asked: list[str] = []
    await storage._open_connection().run(lambda database: database.set_trace_callback(asked.append))
    yield asked
    await storage._open_connection().run(lambda database: database.set_trace_callback(None))


@pytest.fixture
def locked(storage: SQLiteStorage) -> Iterator[None]:
    """Another program holds the database's lock for writing."""
    with closing(sqlite3.connect(storage._path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


READS: dict[str, Callable[[SQLiteStorage], Awaitable[Any]]] = {
    "get_state": lambda storage: storage.get_state("order"),
    "get_state of nothing": lambda storage: storage.get_state("nothing"),
    "exists": lambda storage: storage.exists("order"),
    "get_ttl": lambda storage: storage.get_ttl("order"),
    "in a namespace": lambda storage: storage.namespace("inner").get_state("order"),
    "a dialogue": lambda storage: FSMContext(storage, StateKey(1, 7, 7)).get_data(),
    "a limit": lambda storage: RateLimiter(storage, "5/minute").peek("order"),
}


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_read_waits_for_no_write(
    storage: SQLiteStorage, read: Callable[[SQLiteStorage], Awaitable[Any]]
) -> None:
    writing = [asyncio.ensure_future(storage.set_state(f"other:{number}", 1)) for number in range(5)]
    await asyncio.sleep(0)

    await asyncio.wait_for(read(storage), 10)

    assert not any(task.done() for task in writing)
    for task in writing:
        task.cancel()
    await asyncio.wait(writing)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_lone_read_does_not_ask_the_thread(
    storage: SQLiteStorage, asked: list[str], read: Callable[[SQLiteStorage], Awaitable[Any]]
) -> None:
    await read(storage)

    assert asked == []


async def test_what_was_acknowledged_is_seen_by_the_next_read(storage: SQLiteStorage) -> None:
    async with SQLiteStorage(storage._path) as other:
        for number in range(200):
            await (other, storage)[number % 2].set_state("order", number)

            assert await storage.get_state("order") == await other.get_state("order") == number


async def test_what_another_process_acknowledged_is_seen_by_the_next_read(
    storage: SQLiteStorage, path: Path
) -> None:
    program = f"""
import asyncio
from botkeep import SQLiteStorage

async def main():
    async with SQLiteStorage({str(path)!r}) as storage:
        for number in range(100):
            await storage.set_state("order", number)
            print(number, flush=True)
            input()

asyncio.run(main())
"""
    with subprocess.Popen(  # noqa: S603, ASYNC220 # our own command
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        seen = []
        for said in process.stdout:
            seen.append((int(said), await storage.get_state("order")))
            process.stdin.write("\n")
            process.stdin.flush()

    assert seen == [(number, number) for number in range(100)]


async def test_a_read_does_not_overtake_a_write_of_its_own_program(storage: SQLiteStorage) -> None:
    for number in range(50):
        write = asyncio.ensure_future(storage.set_state("order", number))
        await asyncio.sleep(0)

        assert await storage.get_state("order") == number
        await write


async def test_who_was_cancelled_sees_what_became_of_the_call(storage: SQLiteStorage) -> None:
    for steps in range(12):
        await storage.set_state("order", PIZZA)
        write = asyncio.ensure_future(storage.set_state("order", PASTA))
        for _ in range(steps):
            await asyncio.sleep(0)
        write.cancel()
        await asyncio.wait([write])

        found = await storage.get_state("order")
        await storage.list_keys()  # behind the write, if there is one

        assert await storage.get_state("order") == found


async def test_clearing_is_not_overtaken_either(storage: SQLiteStorage) -> None:
    clearing = asyncio.ensure_future(storage.clear_namespace())
    await asyncio.sleep(0)

    assert await storage.get_state("order") is None
    assert await clearing == 1


async def test_the_clock_decides_at_the_read(path: Path) -> None:
    clock = FakeClock()
    async with SQLiteStorage(path, clock=clock) as storage:
        await storage.set_state("order", PIZZA, ttl=60)
        clock.advance(59.5)
        before = await storage.get_state("order"), await storage.get_ttl("order")
        clock.advance(0.5)

        assert before == (PIZZA, 0.5)
        assert (await storage.get_state("order"), await storage.exists("order")) == (None, False)


async def test_a_read_holds_no_moment_of_the_database(storage: SQLiteStorage, path: Path) -> None:
    await storage.set_state("order", PASTA)
    await storage.get_state("order")
    with closing(sqlite3.connect(path)) as other:
        (busy, _, _) = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert not busy


async def test_a_task_that_only_reads_lets_others_run(storage: SQLiteStorage) -> None:
    steps = 0

    async def count() -> None:
        nonlocal steps
        while True:
            steps += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    for _ in range(10 * reads.IN_A_ROW):
        await storage.get_state("order")
    counting.cancel()

    assert steps >= 9


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
async def test_a_read_of_a_removed_file_is_an_error(storage: SQLiteStorage, path: Path, ending: str) -> None:
    await storage.list_keys()
    Path(f"{path}{ending}").unlink()

    with pytest.raises(StorageUnavailableError, match="was removed or replaced"):
        await storage.get_state("order")


async def test_a_read_right_after_another_notices_that_the_file_is_gone(
    storage: SQLiteStorage, path: Path
) -> None:
    await storage.get_state("order")
    path.unlink()

    with pytest.raises(StorageUnavailableError, match="was removed or replaced"):
        await storage.get_state("order")


async def test_a_damaged_document_is_an_error(storage: SQLiteStorage, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE documents SET value = '[]'")

    with pytest.raises(CorruptDocumentError):
        await storage.get_state("order")


async def test_a_big_document_is_read_on_the_thread_once_it_is_known(
    storage: SQLiteStorage, asked: list[str]
) -> None:
    await storage.set_state("large", LARGE)
    await storage.get_state("large")
    asked.clear()

    assert await storage.get_state("large") == LARGE
    assert len(asked) == 1
    await storage.set_state("large", PIZZA)
    await storage.get_state("large")
    asked.clear()
    assert await storage.get_state("large") == PIZZA
    assert asked == []


async def test_of_a_big_file_only_what_was_used_lately_is_read_at_once(
    storage: SQLiteStorage, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "CHECKED_BYTES", 0)
    monkeypatch.setattr(reads, "REMEMBERED", 2)
    first = [await storage.get_state("order"), len(asked)]
    second = [await storage.get_state("order"), len(asked)]
    for number in range(4):
        await storage.get_state(f"other:{number}")
    asked.clear()
    third = [await storage.get_state("order"), len(asked)]

    assert (first, second, third) == ([PIZZA, 1], [PIZZA, 1], [PIZZA, 1])


async def test_after_a_read_from_the_disk_each_document_is_read_on_the_thread_first(
    storage: SQLiteStorage, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = iter(range(1000))
    with monkeypatch.context() as slow:
        slow.setattr(reads, "_SLOW_SECONDS", -1.0)
        slow.setattr(reads, "_blocks_read", lambda: next(blocks))
        await storage.get_state("order")
    counts = [len(asked)]
    for _ in range(3):
        await storage.get_state("order")
        counts.append(len(asked))

    assert counts == [0, 1, 1, 1]


async def test_a_delay_that_was_not_the_disk_s_changes_nothing(
    storage: SQLiteStorage, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "_SLOW_SECONDS", -1.0)
    monkeypatch.setattr(reads, "_blocks_read", lambda: storage._open_connection().reader._blocks_read)
    for _ in range(3):
        await storage.get_state("order")

    assert asked == []


async def test_a_crowd_shares_its_trip(storage: SQLiteStorage, asked: list[str]) -> None:
    await asyncio.gather(*(storage.get_state("order") for _ in range(100)))

    assert [statement.split()[0] for statement in asked] == ["BEGIN", "WITH", "COMMIT"]


async def test_where_no_second_connection_can_be_the_thread_answers(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botkeep.storages.sqlite.connection.open_reader", lambda _: None)
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)

        assert await storage.get_state("order") == PIZZA
        assert await storage.get_ttl("order") is not None
