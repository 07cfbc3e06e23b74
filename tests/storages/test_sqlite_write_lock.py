"""Processes that share a SQLite file take turns in writing to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from botkeep import SQLiteStorage, StorageUnavailableError
from botkeep._files.locks import try_lock


@contextmanager
def somebody_elses(lock: Path) -> Iterator[bool]:
    """Open the lock as another process would; whether it could be taken."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)


async def test_while_another_process_has_the_turn_nothing_is_written_and_reading_goes_on(
    tmp_path: Path,
) -> None:
    async with SQLiteStorage(tmp_path / "bot.db", timeout=0.05) as storage:
        await storage.set_state("order", 1)
        with somebody_elses(tmp_path / "bot.db.lock") as taken:
            with pytest.raises(StorageUnavailableError, match="kept the file locked"):
                await storage.set_state("order", 2)
            meanwhile = await storage.get_state("order")
        await storage.increment("order")

        assert taken
        assert meanwhile == 1
        assert await storage.get_state("order") == 2


async def test_a_transaction_has_the_turn_from_its_beginning_to_its_commit(tmp_path: Path) -> None:
    free: dict[str, bool] = {}

    def look(statement: str) -> None:
        with somebody_elses(tmp_path / "bot.db.lock") as taken:
            free[statement] = taken

    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        await storage._open_connection().run(lambda database: database.set_trace_callback(look))
        await storage.set_state("order", 1)
        with somebody_elses(tmp_path / "bot.db.lock") as free_again:
            pass

    assert (free["BEGIN IMMEDIATE"], free["COMMIT"]) == (False, False)
    assert free_again


async def test_a_link_to_a_database_leads_to_its_turn(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "bot.db")
    async with SQLiteStorage(tmp_path / "link.db") as storage:
        await storage.set_state("order", 1)

    assert {file.name for file in tmp_path.iterdir()} == {"bot.db", "bot.db.lock", "link.db"}


async def test_the_lock_lies_beside_the_database_wherever_the_process_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with SQLiteStorage("bot.db") as storage:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir("elsewhere")
        await storage.set_state("order", 1)

    assert (tmp_path / "bot.db.lock").exists()


async def test_who_only_reads_needs_no_turn(tmp_path: Path) -> None:
    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        await storage.get_state("order")

    assert not (tmp_path / "bot.db.lock").exists()


async def test_a_lock_that_cannot_be_opened_is_a_clear_error_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "bot.db.lock").mkdir()
    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        with pytest.raises(StorageUnavailableError, match=r"bot\.db\.lock.*Is a directory"):
            await storage.set_state("order", 1)

        assert not await storage.exists("order")


async def test_a_database_in_memory_has_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with SQLiteStorage(":memory:") as storage:
        await storage.set_state("order", 1)

    assert list(tmp_path.iterdir()) == []
