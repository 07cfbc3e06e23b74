"""A database that is removed or replaced while it is in use: the next call says so."""

# nobody else is in the event loop of a test

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from botkeep import SQLiteStorage, StorageUnavailableError
from botkeep.testing.samples import PASTA, PIZZA


async def _assert_every_verb_refuses(storage: SQLiteStorage) -> None:
    for call in (
        storage.set_state("order", PASTA),
        storage.increment("count"),
        storage.delete_state("order"),
        storage.get_state("order"),
        storage.exists("order"),
        storage.list_keys(),
        storage.clear_namespace(),
        storage.backup(f"{storage._path}.copy"),
    ):
        with pytest.raises(StorageUnavailableError, match=r"bot\.db.* was removed or replaced.*stop\(\)"):
            await call
    assert not await storage.health()
    assert not Path(f"{storage._path}.copy").exists()


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
async def test_a_removed_file_is_an_error_and_works_again_after_a_stop(path: Path, ending: str) -> None:
    storage = SQLiteStorage(path)
    await storage.set_state("order", PIZZA)
    os.remove(f"{path}{ending}")  # noqa: PTH107 # as an operator does

    await _assert_every_verb_refuses(storage)

    await storage.stop()
    await storage.start()
    await storage.set_state("again", 1)
    assert await storage.get_state("order") == (PIZZA if ending else None)
    assert await storage.health()
    await storage.stop()


async def test_what_was_acknowledged_before_a_log_is_removed_is_there_after_a_restart(path: Path) -> None:
    acknowledged = []
    async with SQLiteStorage(path) as storage:
        for number in range(40):
            if number == 20:
                Path(f"{path}-wal").unlink()
            try:
                await storage.set_state(f"order:{number}", PIZZA)
            except StorageUnavailableError:
                continue
            acknowledged.append(f"order:{number}")

    async with SQLiteStorage(path) as storage:
        assert sorted(await storage.list_keys()) == sorted(acknowledged)
    assert len(acknowledged) == 20


async def test_a_file_that_another_one_took_the_place_of_is_an_error(path: Path, tmp_path: Path) -> None:
    async with SQLiteStorage(tmp_path / "other.db") as other:
        await other.set_state("of the other", 1)
    storage = SQLiteStorage(path)
    await storage.set_state("order", PIZZA)
    (tmp_path / "other.db").replace(path)

    await _assert_every_verb_refuses(storage)

    await storage.stop()
    await storage.start()
    assert await storage.list_keys() == ["of the other"]
    await storage.stop()


async def test_a_folder_that_is_renamed_is_an_error_until_it_is_back(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    async with SQLiteStorage(tmp_path / "data" / "bot.db") as storage:
        await storage.set_state("order", PIZZA)
        (tmp_path / "data").rename(tmp_path / "moved")
        with pytest.raises(StorageUnavailableError, match="removed or replaced"):
            await storage.set_state("order", PASTA)
        (tmp_path / "moved").rename(tmp_path / "data")

        assert await storage.get_state("order") == PIZZA


async def test_a_lock_file_that_is_removed_is_made_anew(path: Path) -> None:
    async with SQLiteStorage(path) as one, SQLiteStorage(path) as two:
        await one.increment("count")
        await two.increment("count")
        path.with_name("bot.db.lock").unlink()

        assert await one.increment("count") == 3
        assert await two.increment("count") == 4
    assert path.with_name("bot.db.lock").exists()


async def test_a_log_without_its_database_is_kept_and_not_destroyed(path: Path, tmp_path: Path) -> None:
    storage = SQLiteStorage(path)
    await storage.set_state("order", PIZZA)
    shutil.copy(f"{path}-wal", tmp_path / "log")
    await storage.stop()
    path.unlink()
    shutil.copy(tmp_path / "log", f"{path}-wal")

    async with SQLiteStorage(path) as storage:
        assert await storage.list_keys() == []

    (kept,) = tmp_path.glob("bot.db-wal.of-another-database-*")
    assert kept.read_bytes() == (tmp_path / "log").read_bytes()


async def test_the_path_is_resolved_when_the_file_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    async with SQLiteStorage("bot.db") as storage:
        await storage.set_state("order", PIZZA)
        monkeypatch.chdir("elsewhere")
        await storage.set_state("more", 1)
        await storage.backup(tmp_path / "copy.db")

    async with SQLiteStorage(tmp_path / "copy.db") as copy:
        assert await copy.list_keys() == ["more", "order"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_a_tilde_is_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    async with SQLiteStorage("~/bots/bot.db") as storage:
        await storage.set_state("order", PIZZA)
        await storage.backup("~/copy.db")

    assert (tmp_path / "home" / "bots" / "bot.db").exists()
    assert (tmp_path / "home" / "copy.db").exists()
    assert not (tmp_path / "~").exists()


async def test_a_folder_that_changes_all_the_time_hides_no_removal(path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        for number in range(50):
            (path.parent / f"other-{number}").touch()
            await storage.set_state("order", number)
            assert await storage.get_state("order") == number
        path.unlink()

        with pytest.raises(StorageUnavailableError, match="was removed or replaced"):
            await storage.get_state("order")
        with pytest.raises(StorageUnavailableError, match="was removed or replaced"):
            await storage.set_state("order", 1)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
async def test_a_removal_is_noticed_at_once_however_long_nothing_happened(path: Path, ending: str) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", 1)
        folder = path.parent.stat()
        # As if a minute had passed.
        os.utime(path.parent, ns=(folder.st_atime_ns, folder.st_mtime_ns - 60 * 10**9))
        await storage.get_state("order")
        Path(f"{path}{ending}").unlink()

        with pytest.raises(StorageUnavailableError, match="was removed or replaced"):
            await storage.get_state("order")
