"""An error of the system names the file or folder that is its cause."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest
from tests.objects.models import Model

from botkeep import StorageUnavailableError
from botkeep._files.errors import unavailable
from botkeep.objects import FolderBackups, StatefulObject


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no owner in numbers")
@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_a_file_of_another_user_is_named_with_its_owner_and_mode(tmp_path: Path, code: int) -> None:
    lock = tmp_path / "state.json.lock"
    lock.touch()
    lock.chmod(0o640)

    error = unavailable(OSError(code, os.strerror(code), str(lock)), "state.json")

    assert f"the file {lock} belongs to user {os.getuid()} and has mode 640" in str(error)
    assert f"it runs as user {os.geteuid()}" in str(error)


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no owner in numbers")
def test_of_a_file_that_cannot_be_created_the_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    error = unavailable(PermissionError(errno.EACCES, "no", str(tmp_path / "new" / "state.json")), "x")

    assert f"the folder {tmp_path} belongs to user {os.getuid()} and has mode 700" in str(error)


def test_a_folder_in_the_place_of_the_file_or_its_lock_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    (tmp_path / "state.json.lock").mkdir()
    with (
        pytest.raises(StorageUnavailableError, match=r"a folder lies .*: \S+state\.json\.lock;"),
        StatefulObject(path)._locked_state(),
    ):
        pass
    path.mkdir()

    with pytest.raises(StorageUnavailableError, match=r"a folder lies .*: \S+state\.json;"):
        StatefulObject(path)


async def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "objects").touch()
    with pytest.raises(StorageUnavailableError, match=r"is a file, not a folder: \S+objects;"):
        FolderBackups(tmp_path / "objects").register(Model(), "arm")
