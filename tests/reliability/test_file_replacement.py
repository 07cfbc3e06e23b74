"""Replacing a file as a whole: what stays, what never shows, what is swept up."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from botkeep._files import atomic
from botkeep._files.temporary import sweep
from botkeep.errors import OutcomeUnknownError, StorageUnavailableError

DIE_HALF_WAY = """
import os, signal, sys
from pathlib import Path
from botkeep._files import atomic

os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
atomic.write(Path(sys.argv[1]), b"new")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    return path


def names(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir())


def test_the_mode_of_the_file_stays(path: Path) -> None:
    for mode in (0o640, 0o600, 0o664):
        path.chmod(mode)
        atomic.write(path, b"new")

        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        atomic.write(tmp_path / "new" / "state.json", b"new")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "new" / "state.json").stat().st_mode) == 0o600


def test_a_symbolic_link_stays_one_and_its_target_is_replaced(path: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "state.json"
    link.symlink_to(path)
    atomic.write(link, b"new")

    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert names(tmp_path / "links") == ["state.json"]


def test_a_link_to_nowhere_creates_what_it_points_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "deep" / "state.json")
    atomic.write(link, b"new")

    assert (tmp_path / "deep" / "state.json").read_bytes() == b"new"


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_the_old_content_can_be_kept(path: Path, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _refuse)
    old = path.with_name("old.json")
    atomic.write(path, b"newer", old=old)
    atomic.write(path, b"newest", old=old)

    assert (path.read_bytes(), old.read_bytes()) == (b"newest", b"newer")
    assert names(path.parent) == ["old.json", "state.json"]


def _refuse(*_: object) -> None:
    raise OSError(errno.EPERM, "no hard links here")


def test_what_a_killed_writer_left_is_swept_and_the_old_content_is_there(path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", DIE_HALF_WAY, path], check=False)  # noqa: S603 # our own words
    left = names(path.parent)
    sweep(path)

    assert killed.returncode == -signal.SIGKILL
    assert len(left) == 2
    assert names(path.parent) == ["state.json"]
    assert path.read_bytes() == b"old"


def test_a_sweep_leaves_alone_what_is_being_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush = os.fsync

    def sweep_then_flush(descriptor: int) -> None:
        sweep(path)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", sweep_then_flush)
    atomic.write(path, b"new")

    assert path.read_bytes() == b"new"


def test_a_sweep_leaves_alone_what_is_not_unfinished(path: Path) -> None:
    for name in (".state.json.swp", "state.json.unfinished", ".other.1234.unfinished"):
        path.with_name(name).touch()
    sweep(path)
    sweep(path.parent / "nowhere" / "state.json")

    assert len(names(path.parent)) == 4


def test_writers_and_sweepers_at_once_never_show_half_a_file(path: Path) -> None:
    contents = [bytes([letter]) * 20_000 for letter in b"abcd"]
    done = threading.Event()

    def sweep_until_done() -> None:
        while not done.is_set():
            sweep(path)

    sweeper = threading.Thread(target=sweep_until_done)
    writers = [threading.Thread(target=_write_often, args=(path, content)) for content in contents]
    for thread in (sweeper, *writers):
        thread.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in (b"old", *contents)
    done.set()
    sweeper.join()

    assert path.read_bytes() in contents
    assert names(path.parent) == ["state.json"]


def _write_often(path: Path, content: bytes) -> None:
    for _ in range(50):
        atomic.write(path, content)


def test_a_folder_in_the_place_of_the_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError, match="a folder lies where the file should be"):
        atomic.write(tmp_path, b"new")


def test_a_file_in_the_place_of_the_folder_is_an_error_that_says_so(path: Path) -> None:
    with pytest.raises(StorageUnavailableError, match="is unavailable"):
        atomic.write(path / "state.json", b"new")


def test_a_folder_that_cannot_be_flushed_is_told_from_a_failed_write(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(OutcomeUnknownError, match="could not be flushed"):
        atomic.write(path, b"new")

    assert path.read_bytes() == b"new"
