"""A disk that is full when an object saves: a clear error, the old state on the disk, and on it goes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.full_disks import Disk

from botkeep.errors import StorageUnavailableError
from botkeep.objects import StatefulObject


class Diary(StatefulObject):
    def __init__(self, state_file: Path) -> None:
        super().__init__(state_file=state_file)
        self.page: Any = getattr(self, "page", "")


def test_a_save_that_finds_no_room_leaves_the_old_state(disk: Disk) -> None:
    path = disk.folder / "state.json"
    diary = Diary(path)
    diary.page = "old"
    diary._save_state()
    disk.fill()
    diary.page = "new" * 3000
    with pytest.raises(StorageUnavailableError, match=r"disk is full.*free some space") as caught:
        diary._save_state()

    assert caught.value.storage == str(path)
    assert json.loads(path.read_bytes()) == {"page": "old"}
    disk.free()
    diary._save_state()
    assert Diary(path).page == diary.page


async def test_async_saves_that_find_no_room_all_say_so(disk: Disk) -> None:
    diary = Diary(disk.folder / "state.json")
    await diary.save()
    disk.fill()
    diary.page = "new" * 3000
    outcomes = await asyncio.gather(diary.save(), diary.save(), return_exceptions=True)
    disk.free()
    await diary.save()

    assert [type(outcome) for outcome in outcomes] == [StorageUnavailableError] * 2
    assert Diary(diary._state_file).page == diary.page
