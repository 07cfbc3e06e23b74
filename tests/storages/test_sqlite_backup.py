"""Backups of SQLiteStorage: whole, of one moment, and never in place of something better."""

# nobody else is in the event loop of a test

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from botkeep import SQLiteStorage, StorageFormatError, StorageUnavailableError
from botkeep.testing.samples import PASTA, PIZZA


@pytest.fixture
async def storage(path: Path) -> AsyncIterator[SQLiteStorage]:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA, ttl=600)
        yield storage


async def test_a_backup_is_a_storage_with_everything_in_it(storage: SQLiteStorage, tmp_path: Path) -> None:
    await storage.namespace("plugins").increment("count", 5)

    await storage.backup(tmp_path / "copy.db")

    async with SQLiteStorage(tmp_path / "copy.db") as copy:
        assert await copy.get_state("order") == PIZZA
        assert await copy.get_ttl("order") == pytest.approx(600, abs=60)
        assert await copy.namespace("plugins").increment("count") == 6


async def test_a_backup_is_one_file_that_can_be_carried_away(storage: SQLiteStorage, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()

    await storage.backup(tmp_path / "backups" / "copy.db")

    assert [file.name for file in (tmp_path / "backups").iterdir()] == ["copy.db"]
    with closing(sqlite3.connect(tmp_path / "backups" / "copy.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA journal_mode").fetchall() == [("delete",)]


async def test_a_backup_while_writes_run_holds_one_moment(storage: SQLiteStorage, tmp_path: Path) -> None:
    stop = asyncio.Event()

    async def write() -> None:
        """First one counter, then the other: they never differ by more than one."""
        while not stop.is_set():
            await storage.increment("first")
            await storage.increment("second")

    writer = asyncio.ensure_future(write())
    for number in range(5):
        before = await storage.increment("second", 0)
        await storage.backup(tmp_path / f"{number}.db")
        async with SQLiteStorage(tmp_path / f"{number}.db") as copy:
            first, second = await copy.get_state("first", 0), await copy.get_state("second", 0)

            assert before <= second <= first <= second + 1
    stop.set()
    await writer


async def test_a_backup_replaces_an_older_one(storage: SQLiteStorage, tmp_path: Path) -> None:
    await storage.backup(tmp_path / "copy.db")
    await storage.set_state("order", PASTA)

    await storage.backup(tmp_path / "copy.db")

    async with SQLiteStorage(tmp_path / "copy.db") as copy:
        assert await copy.get_state("order") == PASTA


@pytest.mark.parametrize("name", ["bot.db", "link.db", "folder/../bot.db", "hard.db"])
async def test_a_backup_onto_the_database_itself_is_refused(
    storage: SQLiteStorage, path: Path, name: str
) -> None:
    (path.parent / "folder").mkdir()
    (path.parent / "link.db").symlink_to(path)
    (path.parent / "hard.db").hardlink_to(path)

    with pytest.raises(ValueError, match="another path"):
        await storage.backup(f"{path.parent}/{name}")

    assert await storage.get_state("order") == PIZZA


@pytest.mark.parametrize("place", ["missing/copy.db", "folder", "file/copy.db"])
async def test_a_backup_that_cannot_be_written_says_where_and_harms_nothing(
    storage: SQLiteStorage, tmp_path: Path, place: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("here")
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(StorageUnavailableError, match=place):
        await storage.backup(tmp_path / place)

    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "here"
    assert await storage.get_state("order") == PIZZA


async def test_a_backup_that_fails_leaves_the_older_one(storage: SQLiteStorage, tmp_path: Path) -> None:
    await storage.backup(tmp_path / "copy.db")
    older = (tmp_path / "copy.db").read_bytes()
    large = {"text": "x" * 100_000}
    await asyncio.gather(*(storage.set_state(f"order:{number}", large) for number in range(20)))
    await _damage(storage)

    with pytest.raises(StorageFormatError, match=r"copy\.db.*damaged"):
        await storage.backup(tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_bytes() == older
    assert [file.name for file in tmp_path.glob("copy.db*")] == ["copy.db"]


async def _damage(storage: SQLiteStorage) -> None:
    """Move everything from the WAL into the file and spoil a page in its middle."""
    connection = storage._open_connection()
    await connection.run(lambda database: database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    with Path(storage._path).open("rb+") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)


async def test_a_database_in_memory_has_backups_too(tmp_path: Path) -> None:
    async with SQLiteStorage(":memory:") as storage:
        await storage.set_state("order", PIZZA)
        await storage.backup(tmp_path / "copy.db")
        await storage.set_state("order", PASTA)

    async with SQLiteStorage(tmp_path / "copy.db") as copy:
        assert await copy.get_state("order") == PIZZA


async def test_a_storage_that_was_not_opened_yet_opens_for_a_backup(path: Path, tmp_path: Path) -> None:
    storage = SQLiteStorage(path)
    await storage.backup(tmp_path / "copy.db")
    await storage.stop()

    assert (tmp_path / "copy.db").exists()
