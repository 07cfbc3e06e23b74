"""Backups in a folder: files that people can read, restored at once, whole even after a kill."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.objects.models import Choosy, Model

from botkeep.errors import StorageUnavailableError
from botkeep.objects import FolderBackups


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


async def test_each_object_has_a_readable_file_named_by_module_and_class(folder: Path) -> None:
    async with FolderBackups(folder) as backups:
        backups.register(Model(7.5))
        backups.register(Model(8.5), "left arm")

    assert (folder / "tests.objects.models.Model.json").read_text() == '{\n  "value": 7.5\n}\n'
    assert json.loads((folder / "left arm.json").read_text()) == {"value": 8.5}


def test_a_class_inside_a_function_has_a_file_name_too(folder: Path) -> None:
    class Inner(Model):
        pass

    with FolderBackups(folder) as backups:
        backups.register(Inner())

    (path,) = folder.iterdir()
    assert path.name.endswith(".test_a_class_inside_a_function_has_a_file_name_too.Inner.json")


async def test_objects_are_restored_as_soon_as_they_are_registered(folder: Path) -> None:
    folder.mkdir()
    (folder / "arm.json").write_text('{"value": 3.5}')
    backups = FolderBackups(folder)
    before = backups.register(Model(), "arm").value
    async with backups:
        backups.unregister(next(iter(backups._registry)).obj)
        during = backups.register(Model(), "arm").value

    assert (before, during) == (3.5, 3.5)


async def test_the_home_of_the_user_may_be_the_folder(home: Path) -> None:
    async with FolderBackups("~/robot") as backups:
        backups.register(Model(), "arm")

    assert (home / "robot" / "arm.json").exists()


async def test_a_damaged_file_is_kept_aside_and_the_object_starts_anew(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    (folder / "arm.json").write_text('{"value": 3')
    async with FolderBackups(folder) as backups:
        model = backups.register(Model(), "arm")

    assert model.value == 1.0
    assert "was damaged and is kept as arm.json.corrupt-" in caplog.text
    (aside,) = folder.glob("arm.json.corrupt-*")
    assert aside.read_text() == '{"value": 3'
    assert json.loads((folder / "arm.json").read_text()) == {"value": 1.0}


async def test_a_state_that_the_object_refuses_is_kept_aside(folder: Path) -> None:
    folder.mkdir()
    (folder / "arm.json").write_text('{"value": 3.5}')
    async with FolderBackups(folder) as backups:
        backups.register(Choosy(), "arm")

    (aside,) = folder.glob("arm.json.unrestored-*")
    assert json.loads(aside.read_text()) == {"value": 3.5}


async def test_a_file_that_cannot_be_read_is_an_error_and_stays(folder: Path) -> None:
    (folder / "arm.json").mkdir(parents=True)
    async with FolderBackups(folder) as backups:
        with pytest.raises(StorageUnavailableError, match="a folder lies where the file should be"):
            backups.register(Model(), "arm")
        with pytest.raises(StorageUnavailableError, match="a folder lies where the file should be"):
            await backups.add(Model(), "arm")
        backups.register(Model(7.5), "leg")

    assert (folder / "arm.json").is_dir()
    assert (folder / "leg.json").exists()


async def test_a_write_that_fails_is_logged_and_tried_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FolderBackups(folder) as backups:
        model, other = backups.register(Model(), "arm"), backups.register(Model(8.5), "leg")
        (folder / "arm.json").mkdir(parents=True)
        model.needs_backup = other.needs_backup = True
        await backups.backup()
        flags = model.needs_backup, other.needs_backup
        (folder / "arm.json").rmdir()
        await backups.backup()

        assert (flags, model.needs_backup) == ((True, False), False)
        assert "'arm' could not be backed up" in caplog.text
        assert json.loads((folder / "arm.json").read_text()) == {"value": 1.0}


async def test_the_state_is_that_of_the_moment_of_the_backup(folder: Path) -> None:
    async with FolderBackups(folder) as backups:
        model = backups.register(Model(), "arm")
        model.needs_backup = True
        backup = asyncio.ensure_future(backups.backup())
        await asyncio.sleep(0)
        model.value = 2.5
        await backup

        assert json.loads((folder / "arm.json").read_text()) == {"value": 1.0}


async def test_a_cancelled_cycle_leaves_the_last_state(folder: Path) -> None:
    async def count() -> None:
        async with FolderBackups(folder, interval=0.0001) as backups:
            model = backups.register(Model(0), "arm")
            while True:
                model.value, model.needs_backup = model.value + 1, True
                seen.append(model.value)
                await asyncio.sleep(0)

    for moment in range(5):
        seen: list[float] = []
        task = asyncio.ensure_future(count())
        await asyncio.sleep(0.002 * moment + 0.001)
        task.cancel()
        await asyncio.wait([task])

        assert json.loads((folder / "arm.json").read_text()) == {"value": seen[-1]}
