"""A copy of all objects each day, of which the last ones stay."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from time import sleep

import pytest
from tests.objects.models import Broken, Model

from botkeep.objects import DailyCopies, FolderBackups

MORNING = datetime(2026, 11, 21, 2, 59, tzinfo=timezone.utc)


class Days:
    """A clock for copies."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def days() -> Days:
    return Days()


def names(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir()) if folder.exists() else []


async def test_a_copy_is_made_once_a_day_at_its_time(tmp_path: Path, days: Days) -> None:
    copies = DailyCopies(tmp_path / "copies", clock=days)
    backups = FolderBackups(tmp_path / "objects", copies=copies)
    model = backups.register(Model(7.5), "arm")
    await backups._cycle()
    before = names(tmp_path / "copies")
    days.now += timedelta(minutes=1)
    await backups._cycle()
    model.value = 8.5
    await backups._cycle()

    assert before == []
    assert names(tmp_path / "copies") == ["objects-2026-11-21.json"]
    (copy,) = (tmp_path / "copies").iterdir()
    assert json.loads(copy.read_text()) == {"arm": {"value": 7.5}}


async def test_the_cycle_makes_the_copies(tmp_path: Path) -> None:
    copies = DailyCopies(tmp_path / "copies", at=time.min)
    async with FolderBackups(tmp_path / "objects", interval=0.001, copies=copies) as backups:
        backups.register(Model(7.5), "arm")
        while copies.is_due():  # noqa: ASYNC110 # it comes true in a file
            await asyncio.sleep(0.001)

    assert len(names(tmp_path / "copies")) == 1


async def test_a_program_that_was_off_makes_up_for_it_the_same_day_and_never_twice(
    tmp_path: Path, days: Days
) -> None:
    days.now += timedelta(hours=12)
    await DailyCopies(tmp_path, clock=days).make({"arm": {"value": 1}})
    restarted = DailyCopies(tmp_path, clock=days)

    assert not restarted.is_due()
    days.now += timedelta(days=1)
    assert restarted.is_due()


async def test_only_the_last_copies_stay_and_other_files_are_left_alone(tmp_path: Path, days: Days) -> None:
    copies = DailyCopies(tmp_path, keep=3, clock=days)
    (tmp_path / "notes.json").touch()
    for _ in range(5):
        days.now += timedelta(days=1)
        await copies.make({})

    kept = [f"objects-2026-11-{day}.json" for day in (24, 25, 26)]
    assert names(tmp_path) == ["notes.json", *kept]


async def test_an_object_that_fails_is_missing_and_the_others_are_there(
    tmp_path: Path, days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    days.now += timedelta(hours=1)
    backups = FolderBackups(tmp_path / "objects", copies=DailyCopies(tmp_path / "copies", clock=days))
    backups.register(Broken(), "broken")
    backups.register(Model(7.5), "arm")
    await backups._cycle()

    (copy,) = (tmp_path / "copies").iterdir()
    assert json.loads(copy.read_text()) == {"arm": {"value": 7.5}}
    assert "'broken' is missing from today's copy" in caplog.text


async def test_a_copy_that_cannot_be_written_is_logged_and_tried_again(
    tmp_path: Path, days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    days.now += timedelta(hours=1)
    (tmp_path / "copies").touch()
    copies = DailyCopies(tmp_path / "copies" / "daily", clock=days)
    await copies.make({})

    assert "it will be tried again" in caplog.text
    assert copies.is_due()


def test_at_least_one_copy_stays(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keep must be 1 or more"):
        DailyCopies(tmp_path, keep=0)


async def test_a_folder_that_cannot_be_read_keeps_no_backup_from_being_made(
    tmp_path: Path, days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    days.now += timedelta(hours=1)
    copies = DailyCopies("x" * 300, clock=days)  # as a name, too long for any file system
    async with FolderBackups(tmp_path, interval=0.001, copies=copies) as backups:
        model = backups.register(Model(1.0), "arm")
        while "the next one tries again" not in caplog.text:  # noqa: ASYNC110 # it comes true in a log
            await asyncio.sleep(0.001)
        model.value = 2.0
        model.needs_backup = True
        while not (tmp_path / "arm.json").exists():  # noqa: ASYNC110 # it comes true on a thread
            await asyncio.sleep(0.001)
        second = (tmp_path / "arm.json").read_text()
        model.value = 3.0

    assert json.loads(second) == {"value": 2.0}
    assert json.loads((tmp_path / "arm.json").read_text()) == {"value": 3.0}


def test_the_cycle_of_a_thread_goes_on_too(
    tmp_path: Path, days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    days.now += timedelta(hours=1)
    copies = DailyCopies("x" * 300, clock=days)
    with FolderBackups(tmp_path, interval=0.001, copies=copies) as backups:
        model = backups.register(Model(1.0), "arm")
        while caplog.text.count("the next one tries again") < 2:
            sleep(0.001)
        model.needs_backup = True
        while not (tmp_path / "arm.json").exists():
            sleep(0.001)
        model.value = 3.0

    assert json.loads((tmp_path / "arm.json").read_text()) == {"value": 3.0}
