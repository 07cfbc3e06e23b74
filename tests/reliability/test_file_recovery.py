"""A damaged file, a missing one, one that somebody changed: nothing is trusted unread, nothing destroyed."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

from botkeep import FileStorage
from botkeep.errors import StorageFormatError

DAMAGED = [
    b'{\n  "botkeep": 1,\n  "docu',
    b"\0" * 40,
    b'{"botkeep": 1, "documents": {"a": NaN}}',
    b"\xff{}",
]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A file of a storage that was stopped, and its backup."""
    path = tmp_path / "bot.json"
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)
        await storage.set_state("a", 2)
    return path


def documents(path: Path) -> Any:
    return json.loads(path.read_bytes())["documents"]


def beside(path: Path, why: str) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}{why}*"))


async def test_the_backup_holds_what_the_file_held_before_the_last_write(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("a", 3)
        await storage.set_state("a", 4)

        assert (documents(path), documents(path.with_name("bot.json.bak"))) == ({"a": 4}, {"a": 3})


async def test_after_a_stop_the_backup_holds_what_the_file_holds(path: Path) -> None:
    backup = path.with_name("bot.json.bak")

    assert backup.read_bytes() == path.read_bytes()
    assert not backup.samefile(path)


@pytest.mark.parametrize("content", DAMAGED)
async def test_a_damaged_file_is_set_aside_and_the_backup_used(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    storage = FileStorage(path)
    with pytest.warns(UserWarning, match=r"was damaged .* kept as bot.json.corrupt-"):
        await storage.start()
    found = await storage.get_state("a")
    await storage.stop()

    assert found == 2
    (aside,) = beside(path, ".corrupt-")
    assert aside.read_bytes() == content
    assert documents(path) == {"a": 2}


async def test_each_damaged_file_is_kept_under_a_name_of_its_own(path: Path) -> None:
    for content in DAMAGED:
        path.write_bytes(content)
        storage = FileStorage(path)
        with pytest.warns(UserWarning, match="was damaged"):
            await storage.start()
        await storage.stop()

    assert sorted(aside.read_bytes() for aside in beside(path, ".corrupt-")) == sorted(DAMAGED)


@pytest.mark.parametrize("backup", [b"", b'{"botkeep": 1, "docum'])
async def test_without_a_good_backup_a_damaged_file_is_an_error_and_stays(path: Path, backup: bytes) -> None:
    path.write_bytes(DAMAGED[0])
    path.with_name("bot.json.bak").write_bytes(backup)
    for _ in range(2):
        with pytest.raises(StorageFormatError, match=r"without a good backup.*repair it") as caught:
            await FileStorage(path).get_state("a")
        assert caught.value.place == str(path)

    assert path.read_bytes() == DAMAGED[0]
    assert path.with_name("bot.json.bak").read_bytes() == backup
    assert beside(path, ".corrupt-") == []


async def test_a_file_that_others_may_not_read_has_a_backup_that_they_may_not_read(tmp_path: Path) -> None:
    path = tmp_path / "bot.json"
    path.touch(mode=0o600)
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)
    path.write_bytes(DAMAGED[0])
    storage = FileStorage(path)
    with pytest.warns(UserWarning, match="was damaged"):
        await storage.start()
    await storage.stop()

    modes = {found.name[:13]: stat.S_IMODE(found.stat().st_mode) for found in tmp_path.iterdir()}
    del modes["bot.json.lock"]
    assert modes == {"bot.json": 0o600, "bot.json.bak": 0o600, "bot.json.corr": 0o600}


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["missing", "empty"])
async def test_a_lost_file_comes_back_from_its_backup(path: Path, lose: Any) -> None:
    lose(path)
    storage = FileStorage(path)
    with pytest.warns(UserWarning, match="its backup is used"):
        await storage.start()

    assert await storage.get_state("a") == 2
    await storage.stop()


async def test_a_file_that_is_changed_while_in_use_is_kept_aside_and_never_becomes_the_backup(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FileStorage(path) as storage:
        path.write_bytes(DAMAGED[0])
        with caplog.at_level(logging.WARNING):
            await storage.set_state("a", 3)

        (aside,) = beside(path, ".changed-")
        assert aside.name in caplog.text
        assert aside.read_bytes() == DAMAGED[0]
        assert documents(path.with_name("bot.json.bak")) == {"a": 2}
        assert documents(path) == {"a": 3}


async def test_a_file_that_is_damaged_while_in_use_does_not_spoil_the_backup_at_the_stop(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("a", 3)
        path.write_bytes(DAMAGED[0])

    assert documents(path.with_name("bot.json.bak")) == {"a": 2}


async def test_a_file_that_is_removed_while_in_use_comes_back_with_the_next_write(path: Path) -> None:
    async with FileStorage(path) as storage:
        path.unlink()
        await storage.set_state("b", 3)

    assert documents(path) == {"a": 2, "b": 3}


async def test_a_backup_that_cannot_be_written_is_logged_and_fails_no_write(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backup = path.with_name("bot.json.bak")
    backup.unlink()
    backup.mkdir()
    async with FileStorage(path) as storage:
        await storage.set_state("a", 3)

    assert documents(path) == {"a": 3}
    assert f"Could not keep the former content as {backup}" in caplog.text
    assert f"Could not bring the backup {backup} up to date" in caplog.text


async def test_an_editor_that_writes_in_place_never_reaches_the_backup(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("a", 3)
        with path.open("rb+") as file:
            file.write(b"oops")

        assert documents(path.with_name("bot.json.bak")) == {"a": 2}
