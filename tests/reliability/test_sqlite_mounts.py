"""One file that is mounted alone, as into a container: refused, with the way to do it right."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from botkeep import FileStorage, SQLiteStorage, StorageUnavailableError


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file of the host that is mounted at another path; by a bind mount, where this machine allows it."""
    (tmp_path / "host").mkdir()
    (tmp_path / "app").mkdir()
    source, target = tmp_path / "host" / "bot", tmp_path / "app" / "bot"
    source.touch()
    target.touch()
    command = ["mount", "--bind", str(source), str(target)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("this machine allows no bind mounts")
    yield target
    subprocess.run(["umount", str(target)], check=True)  # noqa: S603, S607 # what was mounted above


@pytest.mark.parametrize("kind", [SQLiteStorage, FileStorage])
async def test_a_file_that_is_mounted_alone_is_refused(
    mounted: Path, kind: type[SQLiteStorage | FileStorage]
) -> None:
    storage = kind(mounted)
    with pytest.raises(
        StorageUnavailableError, match=r"this file alone is mounted.*Mount its folder"
    ) as caught:
        await storage.set_state("order", 1)

    assert str(mounted.parent) in str(caught.value)
    assert [file.name for file in mounted.parent.iterdir()] == ["bot"]
    assert mounted.stat().st_size == 0
    await storage.stop()


@pytest.mark.parametrize("kind", [SQLiteStorage, FileStorage])
async def test_a_folder_that_is_mounted_is_fine(
    mounted: Path, kind: type[SQLiteStorage | FileStorage]
) -> None:
    folder = mounted.parent / "data"
    folder.mkdir()
    subprocess.run(["mount", "--bind", str(mounted.parent.parent / "host"), str(folder)], check=True)  # noqa: S603, S607, ASYNC221
    try:
        async with kind(folder / "state") as storage:
            await storage.set_state("order", 1)
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607, ASYNC221

    async with kind(mounted.parent.parent / "host" / "state") as storage:
        assert await storage.get_state("order") == 1
