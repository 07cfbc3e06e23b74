"""What is no argument at all is told at once: which one it is, and what would be right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from botkeep import FileStorage, MemoryStorage, SQLiteStorage, StorageUnavailableError
from botkeep.fsm import FSMContext, Ordering
from botkeep.migrate import migrate
from botkeep.objects import (
    DailyCopies,
    FolderBackups,
    StatefulObject,
    StorageBackups,
    profile_path,
    replace_dataclass,
    replace_dict,
    replace_list,
    replace_set,
)
from botkeep.storages.addresses import storage_at

Call = Callable[[Any], object]

PATHS: dict[str, Call] = {
    "path of SQLiteStorage": SQLiteStorage,
    "path of FileStorage": FileStorage,
    "folder of FolderBackups": FolderBackups,
    "folder of DailyCopies": DailyCopies,
    "folder of profile_path": lambda path: profile_path(path, "tim"),
    "path of export_all": lambda path: FolderBackups("backups").export_all(path),
    "source of import_all": lambda path: FolderBackups("backups").import_all(path),
    "state_file of StatefulObject": StatefulObject,
}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("what", PATHS)
@pytest.mark.parametrize("path", [5, b"bot.db", [Path("bot.db")]], ids=repr)
def test_what_is_no_path_is_refused_by_the_name_of_the_argument(what: str, path: Any) -> None:
    name = what.partition(" ")[0]

    with pytest.raises(TypeError, match=rf"{name} must be a str or a pathlib\.Path, not "):
        PATHS[what](path)


@pytest.mark.parametrize("what", PATHS)
@pytest.mark.parametrize(("path", "reason"), [("", "be empty"), ("bot\0.db", "contain NUL")])
def test_a_path_that_no_file_can_have_is_refused(what: str, path: str, reason: str) -> None:
    name = what.partition(" ")[0]

    with pytest.raises(ValueError, match=f"{name} must not {reason}"):
        PATHS[what](path)


@pytest.mark.parametrize("what", [what for what in PATHS if "Storage" not in what])
def test_a_home_that_is_not_known_is_told(what: str) -> None:
    with pytest.raises(StorageUnavailableError, match="the home folder ~nobody-of-that-name is not known"):
        PATHS[what]("~nobody-of-that-name/bot.json")


@pytest.mark.parametrize("make", [SQLiteStorage, FileStorage])
async def test_a_storage_in_a_home_that_is_not_known_is_unavailable(make: Any) -> None:
    with pytest.raises(StorageUnavailableError, match="the home folder ~nobody-of-that-name is not known"):
        await make("~nobody-of-that-name/bot.db").get_state("order")


@pytest.mark.parametrize("make", [SQLiteStorage, FileStorage, StatefulObject])
async def test_a_name_that_is_too_long_is_told(make: Any) -> None:
    with pytest.raises(StorageUnavailableError, match="longer than the file system allows"):
        await make("x" * 300).get_state("order")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FolderBackups("backups", interval="5"), "interval must be seconds"),  # type: ignore[arg-type] # the point, as in all of these
        (lambda: FolderBackups("backups", copies="copies"), "copies must be a DailyCopies"),  # type: ignore[arg-type]
        (lambda: DailyCopies("copies", keep="3"), "keep must be an int"),  # type: ignore[arg-type]
        (lambda: DailyCopies("copies", at="03:00"), "at must be a time of day"),  # type: ignore[arg-type]
        (
            lambda: DailyCopies("copies", at=dt.time(3, tzinfo=dt.timezone.utc)),
            "at must be a time",
        ),
        (lambda: StorageBackups("sqlite:bot.db"), "storage must be a Botkeep storage"),  # type: ignore[arg-type]
        (lambda: SQLiteStorage("bot.db", timeout="5"), "timeout must be seconds"),  # type: ignore[arg-type]
        (lambda: MemoryStorage(clock=5), "clock must be a function"),  # type: ignore[arg-type]
        (lambda: FSMContext("memory:", "user:7"), "storage must be a Botkeep storage"),  # type: ignore[arg-type]
        (lambda: Ordering("memory:"), "storage must be a Botkeep storage"),  # type: ignore[arg-type]
        (lambda: storage_at(Path("bot.db")), "an address must be a str"),  # type: ignore[arg-type]
    ],
)
def test_an_argument_of_another_type_is_told_by_its_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize("name", ["source", "target"])
async def test_a_migration_says_which_end_is_no_storage(name: str) -> None:
    ends: dict[str, Any] = {"source": MemoryStorage(), "target": MemoryStorage(), name: "sqlite:bot.db"}

    with pytest.raises(TypeError, match=f"{name} must be a Botkeep storage"):
        await migrate(**ends)


def test_an_interval_may_be_a_timedelta_and_is_never_infinite() -> None:
    FolderBackups("backups", interval=dt.timedelta(minutes=1))

    with pytest.raises(ValueError, match="interval must be a positive, finite number of seconds"):
        FolderBackups("backups", interval=float("inf"))


@pytest.mark.parametrize("replace", [replace_dict, replace_list, replace_set])
def test_what_cannot_be_replaced_stays_as_it_is(replace: Any) -> None:
    there: Any = (1, 2) if replace is replace_list else [1, 2]
    new: Any = {"a": 1} if replace is replace_dict else [3]

    with pytest.raises(TypeError, match="expected a "):
        replace(there, int, new)

    assert list(there) == [1, 2]


@pytest.mark.parametrize(("obj", "data"), [(5, {}), (int, {})])
def test_what_is_no_dataclass_has_no_fields_to_replace(obj: Any, data: Any) -> None:
    with pytest.raises(TypeError, match="expected an instance of a dataclass"):
        replace_dataclass(obj, data)
