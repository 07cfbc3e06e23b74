"""A disk that is full: a clear error, the old content on the disk and in memory, and on it goes with room."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.full_disks import Disk

from botkeep import FileStorage
from botkeep._files import atomic
from botkeep.errors import OutcomeUnknownError, StorageUnavailableError

LARGE = "x" * 3000


def documents(path: Path) -> Any:
    return json.loads(path.read_bytes())["documents"]


async def test_a_write_that_finds_no_room_changes_neither_the_file_nor_what_is_read(disk: Disk) -> None:
    path = disk.folder / "bot.json"
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)
        disk.fill()
        with pytest.raises(StorageUnavailableError, match=r"disk is full.*free some space") as caught:
            await storage.set_state("a", LARGE)

        assert not isinstance(caught.value, OutcomeUnknownError)
        assert caught.value.storage == repr(storage)
        assert await storage.get_state("a") == 1
        assert documents(path) == {"a": 1}
        assert list(disk.folder.glob(".*unfinished")) == []

        disk.free()
        await storage.set_state("a", LARGE)

        assert documents(path) == {"a": LARGE}


async def test_every_call_of_a_batch_that_finds_no_room_fails_and_none_has_happened(disk: Disk) -> None:
    path = disk.folder / "bot.json"
    async with FileStorage(path) as storage:
        await storage.increment("count")
        disk.fill()
        calls = [storage.increment("count"), storage.delete_state("count"), storage.set_state("b", LARGE)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)

        assert [type(outcome) for outcome in outcomes] == [StorageUnavailableError] * 3
        assert await storage.list_keys() == ["count"]

        disk.free()
        assert await storage.increment("count") == 2


async def test_a_stop_without_room_for_the_backup_stops_well(disk: Disk) -> None:
    path = disk.folder / "bot.json"
    storage = FileStorage(path)
    await storage.set_state("a", LARGE)
    disk.fill()
    await storage.stop()
    disk.free()

    assert documents(path) == {"a": LARGE}


def test_an_atomic_write_that_finds_no_room_leaves_the_old_content(disk: Disk) -> None:
    path = disk.folder / "note"
    atomic.write(path, b"old")
    disk.fill()
    with pytest.raises(StorageUnavailableError, match="disk is full"):
        atomic.write(path, b"new" * 2000)

    assert path.read_bytes() == b"old"
    disk.free()
