"""What is created is its owner's alone, at every moment; what is there keeps its mode."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime, time, timezone
from pathlib import Path

import pytest
from tests.objects.models import Model

from botkeep._files import atomic
from botkeep._files.locks import FileLock
from botkeep._files.quarantine import quarantine_copy
from botkeep.objects import DailyCopies, FolderBackups, StatefulObject


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(found.stat().st_mode) for found in folder.rglob("*") if found.is_file()}


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


async def test_whatever_objects_create_is_their_owners_alone(tmp_path: Path) -> None:
    copies = DailyCopies(
        tmp_path / "copies", at=time.min, clock=lambda: datetime(2026, 11, 21, tzinfo=timezone.utc)
    )
    backups = FolderBackups(tmp_path / "objects", copies=copies)
    backups.register(Model(), "arm")
    await backups.backup_all()
    await backups._cycle()
    backups.export_all(tmp_path / "all.json")
    state = StatefulObject(tmp_path / "state.json")
    with state._locked_state():
        state.colour = "blue"  # type: ignore[attr-defined] # any attribute is state
    (tmp_path / "state.json").write_text("{")
    with pytest.warns(UserWarning, match="damaged"):
        StatefulObject(tmp_path / "state.json")

    assert len(list(tmp_path.rglob("*.*"))) == 5
    assert modes(tmp_path) == {0o600}


def test_a_copy_has_the_mode_of_what_it_copies(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("{}")
    for mode in (0o640, 0o400):
        path.chmod(mode)

        assert stat.S_IMODE(quarantine_copy(path, "changed").stat().st_mode) == mode


def test_a_file_under_way_is_never_open_to_more_than_the_one_it_replaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "state.json", set()
    real_write = os.write

    def write(descriptor: int, data: bytes) -> int:
        seen.add(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return real_write(descriptor, data)

    created = set()
    real_open = os.open

    def open_(name: Path, flags: int, mode: int = 0o777, **settings: int) -> int:
        if flags & os.O_CREAT:
            created.add(mode)
        return real_open(name, flags, mode, **settings)

    monkeypatch.setattr("botkeep._files.temporary.os.write", write)
    monkeypatch.setattr("botkeep._files.temporary.os.open", open_)
    atomic.write(path, b"new")
    path.chmod(0o640)
    atomic.write(path, b"newer")

    assert created == {0o600}
    assert seen == {0o600, 0o640}


def test_whoever_may_write_a_file_may_take_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.touch()
    path.chmod(0o660)
    for lock in (FileLock(tmp_path / "own.lock"), FileLock(tmp_path / "shared.lock", like=path)):
        assert lock.acquire()
        lock.release()

    assert stat.S_IMODE((tmp_path / "own.lock").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "shared.lock").stat().st_mode) == 0o660
