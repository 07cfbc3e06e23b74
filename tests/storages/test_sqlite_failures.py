"""SQLiteStorage in trouble: a locked file, a full disk, no rights. A clear error, and nothing lost."""

# nobody else is in the event loop of a test

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from botkeep import SQLiteStorage, StorageUnavailableError
from botkeep.testing.samples import PASTA, PIZZA

LARGE = {"text": "x" * 50_000}


async def _limit_pages(storage: SQLiteStorage, pages: int) -> None:
    pragma = f"PRAGMA max_page_count = {pages}"
    await storage._open_connection().run(lambda database: database.execute(pragma).fetchall())


async def test_a_file_that_stays_locked_is_an_error_and_nothing_is_written(path: Path) -> None:
    async with SQLiteStorage(path, timeout=0.1) as storage:
        await storage.set_state("order", PIZZA)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            calls: list[Awaitable[object]] = [
                storage.set_state("order", PASTA),
                storage.increment("count"),
                storage.list_keys(),
            ]
            results = await asyncio.gather(*calls, return_exceptions=True)
            alone = await storage.get_state("order")
            other.execute("ROLLBACK")

        assert [type(result) for result in results] == [StorageUnavailableError] * 3
        assert "locked" in str(results[0])
        assert isinstance(results[0], StorageUnavailableError)
        assert isinstance(results[0].__cause__, sqlite3.Error)
        assert alone == PIZZA
        assert await storage.list_keys() == ["order"]
        assert await storage.increment("count") == 1


async def test_a_file_that_is_locked_for_a_moment_is_waited_for(path: Path) -> None:
    async with SQLiteStorage(path, timeout=30) as storage:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            calls = [asyncio.ensure_future(storage.increment("count")) for _ in range(20)]
            done, _ = await asyncio.wait(calls, timeout=0.1)
            other.execute("COMMIT")

        assert not done
        assert sorted(await asyncio.gather(*calls)) == list(range(1, 21))


async def test_a_file_that_is_locked_while_it_is_opened_is_waited_for_or_an_error(path: Path) -> None:
    impatient, patient = SQLiteStorage(path, timeout=0.1), SQLiteStorage(path, timeout=30)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageUnavailableError, match="locked"):
            await impatient.set_state("order", PIZZA)
        opening = asyncio.ensure_future(patient.set_state("order", PIZZA))
        await asyncio.wait([opening], timeout=0.1)
        other.execute("ROLLBACK")
    await opening

    assert await impatient.get_state("order") == PIZZA
    await impatient.stop()
    await patient.stop()


async def test_a_full_disk_is_an_error_and_nothing_that_was_there_is_lost(path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
        await _limit_pages(storage, 41)
        for number in range(3):
            await storage.set_state(f"large:{number}", LARGE)

        with pytest.raises(StorageUnavailableError, match="disk is full"):
            await storage.set_state("too large", [LARGE] * 20)

        assert await storage.get_state("order") == PIZZA
        assert await storage.list_keys("*large*") == ["large:0", "large:1", "large:2"]
        assert await storage.delete_state("large:0")
        await storage.set_state("after", LARGE)
        await _limit_pages(storage, 1_000_000)
        await storage.set_state("more", [LARGE] * 20)
        assert await storage.get_state("after") == LARGE


async def test_on_a_full_disk_what_does_not_fit_fails_and_what_is_acknowledged_is_there(path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.start()
        await _limit_pages(storage, 40)
        calls = [storage.set_state(f"{number}", LARGE) for number in range(20)]
        results = await asyncio.gather(*calls, return_exceptions=True)

        assert {type(result) for result in results} <= {type(None), StorageUnavailableError}
        acknowledged = {f"{number}" for number, result in enumerate(results) if result is None}
        assert set(await storage.list_keys()) == acknowledged


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.usefixtures("unmeasured")
async def test_a_file_that_may_not_be_written_is_an_error_that_says_so(
    open_folder: Path, run_program: Callable[..., str]
) -> None:
    path = open_folder / "bot.db"
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", 1)
    path.chmod(0o444)
    before = path.read_bytes()

    said = run_program("write_without_rights.py", path).splitlines()

    assert "read-only" in said[0]
    assert str(path) in said[0]
    assert said[1] == "False"
    assert path.read_bytes() == before


@pytest.mark.usefixtures("unmeasured")
def test_a_folder_that_may_not_be_written_is_an_error_that_says_so(
    open_folder: Path, run_program: Callable[..., str]
) -> None:
    said = run_program("write_without_rights.py", open_folder / "bot.db").splitlines()
    deep = run_program("write_without_rights.py", open_folder / "data" / "bot.db").splitlines()

    assert "no right to do that: it runs as user 65534" in said[0]
    assert "Permission denied" in deep[0]
    assert list(open_folder.iterdir()) == []


async def test_a_database_that_became_read_only_under_way_says_so_and_can_be_read(path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
        connection = storage._open_connection()
        await connection.run(lambda database: database.execute("PRAGMA query_only = ON").fetchall())

        with pytest.raises(StorageUnavailableError, match="read-only"):
            await storage.set_state("order", PASTA)

        assert await storage.get_state("order") == PIZZA
        await connection.run(lambda database: database.execute("PRAGMA query_only = OFF").fetchall())
        await storage.set_state("order", PASTA)
        assert await storage.get_state("order") == PASTA


async def test_writes_that_the_operating_system_refuses_are_errors_and_lose_nothing(
    path: Path, run_program: Callable[..., str]
) -> None:
    said = run_program("write_past_the_limit.py", path)

    assert said == "True 1 2\n"
    async with SQLiteStorage(path) as storage:
        assert await storage.get_state("order") == 2
