"""Restoring a backup of SQLiteStorage, and a log that must not meet a database that is not its own."""

# nobody else is in the event loop of a test

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from botkeep import SQLiteStorage, StorageFormatError, StorageUnavailableError
from botkeep.testing.samples import PASTA, PIZZA


@pytest.fixture
async def backup(path: Path, tmp_path: Path) -> Path:
    """A backup in which the order is a pizza; the database has gone on since."""
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
        await storage.backup(tmp_path / "copy.db")
        await storage.set_state("order", PASTA)
        await storage.set_state("newer", 1)
    return tmp_path / "copy.db"


async def contents(path: Path) -> dict[str, object]:
    async with SQLiteStorage(path) as storage:
        return {key: await storage.get_state(key) for key in await storage.list_keys()}


async def test_a_backup_takes_the_place_of_all_documents(path: Path, backup: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("newest", 1)
        await storage.restore(backup)

        assert await storage.list_keys() == ["order"]
        assert await storage.get_state("order") == PIZZA
        await storage.set_state("after", 1)
    assert await contents(path) == {"order": PIZZA, "after": 1}
    assert await contents(backup) == {"order": PIZZA}


async def test_what_was_there_before_is_kept_whole(path: Path, backup: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.restore(backup)

    (kept,) = path.parent.glob("bot.db.replaced-*")
    assert await contents(kept) == {"order": PASTA, "newer": 1}


async def test_a_storage_that_was_not_open_is_not_opened_by_a_restore(path: Path, backup: Path) -> None:
    storage = SQLiteStorage(path)
    await storage.restore(backup)

    assert not Path(f"{path}-wal").exists()
    await storage.start()
    assert await storage.get_state("order") == PIZZA
    await storage.stop()


async def test_a_database_that_was_lost_is_restored(path: Path, backup: Path) -> None:
    path.unlink()
    await SQLiteStorage(path).restore(backup)

    assert await contents(path) == {"order": PIZZA}


async def test_a_damaged_database_is_restored_and_kept(path: Path, backup: Path) -> None:
    path.write_bytes(b"damaged" * 1000)
    await SQLiteStorage(path).restore(backup)

    (kept,) = path.parent.glob("bot.db.replaced-*")
    assert kept.read_bytes() == b"damaged" * 1000
    assert await contents(path) == {"order": PIZZA}


async def test_a_database_that_another_process_has_open_is_not_replaced(path: Path, backup: Path) -> None:
    async with SQLiteStorage(path) as running:
        await running.set_state("running", 1)
        with pytest.raises(StorageUnavailableError, match="locked"):
            await SQLiteStorage(path).restore(backup)

        assert await running.get_state("running") == 1
    assert list(path.parent.glob("*.replaced-*")) == []


@pytest.mark.parametrize("content", [b"", b"hello" * 1000, None], ids=["empty", "foreign", "missing"])
async def test_what_is_no_backup_is_refused_and_changes_nothing(
    path: Path, backup: Path, content: bytes | None
) -> None:
    backup.unlink() if content is None else backup.write_bytes(content)
    async with SQLiteStorage(path) as storage:
        with pytest.raises((StorageFormatError, StorageUnavailableError), match=r"copy\.db"):
            await storage.restore(backup)

        assert await storage.get_state("order") == PASTA
    assert {file.name for file in path.parent.iterdir()} <= {"bot.db", "bot.db.lock", "copy.db"}


async def test_a_damaged_backup_is_refused_and_changes_nothing(path: Path, backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    backup.write_bytes(content)
    with pytest.raises(StorageFormatError, match="damaged"):
        await SQLiteStorage(path).restore(backup)

    assert await contents(path) == {"order": PASTA, "newer": 1}


@pytest.mark.usefixtures("backup")
async def test_restoring_a_database_from_itself_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="another path"):
        await SQLiteStorage(path).restore(path)

    assert await contents(path) == {"order": PASTA, "newer": 1}


async def test_a_cancelled_restore_comes_to_its_end(path: Path, backup: Path) -> None:
    async with SQLiteStorage(path) as storage:
        restoring = asyncio.ensure_future(storage.restore(backup))
        await asyncio.sleep(0)
        restoring.cancel()
        with pytest.raises(asyncio.CancelledError):
            await restoring
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

        assert await storage.get_state("order") == PIZZA


async def test_a_database_in_memory_is_restored_too(backup: Path) -> None:
    async with SQLiteStorage(":memory:") as storage:
        await storage.set_state("other", 1)
        await storage.restore(backup)

        assert await storage.list_keys() == ["order"]
        assert await storage.increment("count") == 1


# Without the verb: somebody copies a file over the database of a killed bot.


async def _leave_as_a_kill_does(path: Path, tmp_path: Path, order: object) -> None:
    """Write in a run of its own, and leave database and log as they are in the middle of it."""
    storage = SQLiteStorage(path)
    await storage.set_state("order", order)
    await storage.set_state("in the log", 1)
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", tmp_path / f"killed{ending}")
    await storage.stop()
    for ending in ("", "-wal"):
        (tmp_path / f"killed{ending}").replace(f"{path}{ending}")


async def test_the_log_of_a_killed_process_is_applied(path: Path, tmp_path: Path) -> None:
    await _leave_as_a_kill_does(path, tmp_path, PASTA)

    assert await contents(path) == {"order": PASTA, "in the log": 1}
    assert list(tmp_path.glob("*of-another-database*")) == []


@pytest.mark.parametrize("how", ["backup", "copy of the stopped file"])
async def test_an_older_copy_is_never_mixed_with_the_log_that_lies_beside_it(
    path: Path, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
        await storage.backup(tmp_path / "copy.db")
    if how != "backup":
        shutil.copy(path, tmp_path / "copy.db")
    await _leave_as_a_kill_does(path, tmp_path, PASTA)
    shutil.copy(tmp_path / "copy.db", path)

    assert await contents(path) == {"order": PIZZA}
    (kept,) = tmp_path.glob("bot.db-wal.of-another-database-*")
    assert kept.stat().st_size > 0
    assert kept.name in caplog.text


async def test_a_log_is_kept_when_nobody_can_tell_whose_it_is(path: Path, tmp_path: Path) -> None:
    await _leave_as_a_kill_does(path, tmp_path, PASTA)
    path.with_name("bot.db.lock").unlink()

    assert await contents(path) == {"order": PASTA, "in the log": 1}


@pytest.mark.parametrize("step", range(1, 9))
async def test_a_kill_while_the_id_changes_loses_nothing(path: Path, tmp_path: Path, step: int) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
    storage = SQLiteStorage(path)
    await storage.start()
    taken = 0

    def copy(_: str) -> None:
        nonlocal taken
        taken += 1
        if taken == step:
            for ending in ("", "-wal", ".lock"):
                shutil.copy(f"{path}{ending}", tmp_path / f"killed{ending}")

    await storage._open_connection().run(lambda database: database.set_trace_callback(copy))
    await storage.set_state("order", PIZZA)
    await storage._open_connection().run(lambda database: database.set_trace_callback(None))
    await storage.stop()
    for ending in ("", "-wal", ".lock"):
        (tmp_path / f"killed{ending}").replace(f"{path}{ending}")

    assert await contents(path) == {"order": PIZZA}
    assert list(tmp_path.glob("*of-another-database*")) == []


async def test_a_backup_onto_an_older_copy_with_a_log_beside_it_is_the_new_one(
    path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
        await storage.backup(copy)
        await _leave_as_a_kill_does(copy, tmp_path, "of the copy")
        await storage.set_state("order", PASTA)
        await storage.backup(copy)

    assert not Path(f"{copy}-wal").exists()
    assert await contents(copy) == {"order": PASTA}


async def test_a_backup_onto_a_copy_that_is_open_is_refused(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with SQLiteStorage(path) as storage, SQLiteStorage(copy) as opened:
        await storage.set_state("order", PIZZA)
        await opened.set_state("mine", 1)
        with pytest.raises(StorageUnavailableError, match=r"copy\.db.*locked"):
            await storage.backup(copy)

        assert await opened.list_keys() == ["mine"]


async def test_two_backups_to_one_path_at_once_both_succeed(path: Path, tmp_path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
        await asyncio.gather(*(storage.backup(tmp_path / "copy.db") for _ in range(5)))

    assert await contents(tmp_path / "copy.db") == {"order": PIZZA}
    assert list(tmp_path.glob("*.unfinished*")) == []


async def test_a_backup_is_its_owners_alone(path: Path, tmp_path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
        await storage.backup(tmp_path / "copy.db")

        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
        assert modes == dict.fromkeys(["bot.db", "bot.db-wal", "bot.db-shm", "bot.db.lock", "copy.db"], 0o600)


async def test_a_file_that_is_there_keeps_its_mode_and_what_is_beside_it_follows(path: Path) -> None:
    path.touch()
    path.chmod(0o640)
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)

        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o640}


async def test_a_backup_has_no_write_ahead_mode(backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
