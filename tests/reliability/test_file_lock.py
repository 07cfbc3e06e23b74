"""One process at a time has the file of a FileStorage."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from pathlib import Path

import pytest

from botkeep import FileStorage
from botkeep.errors import StorageUnavailableError

HOLD = """
import asyncio, sys
from botkeep import FileStorage

async def main():
    async with FileStorage(sys.argv[1]):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.json"


async def test_a_second_process_is_refused_and_told_which_one_has_the_file(path: Path) -> None:
    with subprocess.Popen(  # noqa: S603, ASYNC220 # our own words, and nobody else is in this event loop
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        storage = FileStorage(path)
        with pytest.raises(
            StorageUnavailableError, match=f"process {holder.pid} has the file.*SQLiteStorage"
        ):
            await storage.get_state("a")
        assert not await storage.health()

        holder.kill()
        holder.wait()

        # The system takes the lock from the dead: the same object may try again.
        assert await storage.get_state("a") is None
        await storage.stop()


async def test_a_second_storage_in_the_same_process_is_refused_under_any_name(path: Path) -> None:
    other_name = path.with_name("link.json")
    other_name.symlink_to(path)
    async with FileStorage(path):
        for name in (path, other_name):
            with pytest.raises(StorageUnavailableError, match="this process has the file"):
                await FileStorage(name).start()

    async with FileStorage(other_name) as storage:
        assert await storage.health()


async def test_a_storage_that_could_not_open_holds_no_lock(path: Path) -> None:
    path.write_text("[]")
    refused = FileStorage(path)
    for _ in range(2):
        with pytest.raises(Exception, match="not a file of FileStorage"):
            await refused.start()


async def test_a_lock_that_cannot_be_had_is_an_error_that_says_why(path: Path) -> None:
    path.with_name("bot.json.lock").mkdir()
    with pytest.raises(StorageUnavailableError, match="a folder lies where the file should be"):
        await FileStorage(path).start()


def test_a_forgotten_storage_lets_go_of_its_file(path: Path) -> None:
    async def use_and_forget() -> None:
        await FileStorage(path).set_state("a", 1)

    async def use() -> None:
        async with FileStorage(path) as storage:
            assert await storage.get_state("a") == 1

    with pytest.warns(ResourceWarning, match="was not stopped"):
        asyncio.run(use_and_forget())
    gc.collect()
    asyncio.run(use())


async def test_a_lock_file_that_is_removed_is_taken_anew_with_the_next_write(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)
        path.with_name("bot.json.lock").unlink()
        await storage.set_state("a", 2)

        with pytest.raises(StorageUnavailableError, match="has the file open"):
            await FileStorage(path).start()


async def test_a_lock_that_somebody_else_took_meanwhile_refuses_the_write(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)
        path.with_name("bot.json.lock").unlink()
        async with FileStorage(path) as other:
            with pytest.raises(StorageUnavailableError, match="has the file open"):
                await storage.set_state("a", 2)

            assert await other.get_state("a") == 1
        await storage.set_state("a", 3)
    assert b'"a": 3' in path.read_bytes()


async def test_a_folder_that_is_renamed_is_made_anew_with_all_documents(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    async with FileStorage(tmp_path / "data" / "bot.json") as storage:
        await storage.set_state("a", 1)
        (tmp_path / "data").rename(tmp_path / "moved")
        await storage.set_state("b", 2)

        with pytest.raises(StorageUnavailableError, match="has the file open"):
            await FileStorage(tmp_path / "data" / "bot.json").start()
    async with FileStorage(tmp_path / "data" / "bot.json") as storage:
        assert await storage.list_keys() == ["a", "b"]


async def test_all_files_that_are_created_are_their_owners_alone(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)
        await storage.set_state("a", 2)
        path.write_bytes(b"{}")
        await storage.set_state("a", 3)

    modes = {found.name.split("-")[0]: found.stat().st_mode & 0o777 for found in path.parent.iterdir()}
    assert modes == dict.fromkeys(["bot.json", "bot.json.bak", "bot.json.lock", "bot.json.changed"], 0o600)
