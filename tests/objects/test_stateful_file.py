"""The file of a StatefulObject: where it is, what it holds, what happens when it is bad."""

from __future__ import annotations

import json
import logging
import os
import signal
import stat
import subprocess
import sys
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from botkeep.errors import DocumentError, StorageUnavailableError
from botkeep.objects import StatefulObject

DIE_WHILE_SAVING = """
import os, signal, sys
from botkeep.objects import StatefulObject

app = StatefulObject(sys.argv[1])
app.count = 2
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
app._save_state()
"""


class App(StatefulObject):
    def __init__(self, state_file: Path | str) -> None:
        super().__init__(state_file=state_file)
        self.count: Any = getattr(self, "count", 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def names(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir())


def test_the_state_file_is_an_absolute_path_in_a_folder_that_is_created(home: Path) -> None:
    app = App("~/.myapp/deep/state.json")

    assert app._state_file == home / ".myapp" / "deep" / "state.json"
    assert app._state_file.parent.is_dir()
    assert not app._state_file.exists()


def test_a_relative_state_file_stays_where_it_was_when_the_program_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = App("state.json")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    app._save_state()

    assert (tmp_path / "state.json").exists()


def test_the_file_is_json_that_a_person_can_read(path: Path) -> None:
    app = App(path)
    app.count = {"a": [1, 2.5], "ü": None}
    app._save_state()

    assert path.read_text(encoding="utf-8") == (
        '{\n  "count": {\n    "a": [\n      1,\n      2.5\n    ],\n    "ü": null\n  }\n}\n'
    )


def test_saving_is_told_to_the_log(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = App(path)
    with caplog.at_level(logging.DEBUG):
        app._save_state()

    assert f"Saved state to {path}" in caplog.messages


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"func": print}, "count.func: a builtin_function_or_method cannot be stored"),
        ({"path": Path("data")}, "count.path: a PosixPath cannot be stored"),
        ([1, {"x": float("nan")}], r"count\[1\].x: nan has no place in JSON"),
    ],
)
def test_what_cannot_be_stored_is_named_before_the_file_is_touched(
    path: Path, value: Any, complaint: str
) -> None:
    app = App(path)
    app._save_state()
    before = path.stat()
    app.count = value
    with pytest.raises(DocumentError, match=complaint):
        app._save_state()

    assert path.stat() == before
    assert names(path.parent) == ["state.json"]


def test_what_the_codec_knows_comes_back_as_it_was(path: Path) -> None:
    app = App(path)
    app.count = {"at": datetime(2026, 11, 21, tzinfo=timezone.utc), "all": {1, 2}, "big": 2**80}
    app._save_state()

    assert App(path).count == app.count


def test_integers_typed_by_hand_are_exact_at_any_size(path: Path) -> None:
    path.write_text('{"count": 12345678901234567890123}')

    assert App(path).count == 12345678901234567890123


def test_a_state_must_be_a_dict(path: Path) -> None:
    class Wrong(StatefulObject):
        def _get_state(self) -> Any:
            return [1]

    with pytest.raises(TypeError, match="a state must be a dict, not list"):
        Wrong(path)._save_state()

    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"count": 1',
        b"[1, 2]",
        b"\xff\xfe",
        b'{"count": NaN}',
        b"null",
    ],
)
def test_a_damaged_file_is_set_aside_and_the_object_is_made(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.warns(UserWarning, match=r"was damaged .* kept as state.json.corrupt-") as caught:
        app = App(path)

    assert caught[0].filename == __file__
    assert app.count == 0
    (aside,) = path.parent.iterdir()
    assert aside.name.startswith("state.json.corrupt-")
    assert aside.read_bytes() == content


def test_starting_anew_gives_the_defaults(path: Path) -> None:
    app = App(path)
    app.count = 5
    app._save_state()
    app._clear_state()
    kept = app.count
    app.__init__(path)  # type: ignore[misc] # the document's own recipe

    assert (kept, app.count) == (5, 0)
    assert not path.exists()


def test_making_the_object_anew_without_clearing_reads_the_file(path: Path) -> None:
    app = App(path)
    app.count = 5
    app._save_state()
    app.count = 6
    app.__init__(path)  # type: ignore[misc] # the document's own recipe

    assert app.count == 5


def test_starting_anew_keeps_what_is_set_before_the_state_is_loaded(tmp_path: Path) -> None:
    class Named(StatefulObject):
        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__(tmp_path / f"{self.name}.json")
            self.items: list[str] = getattr(self, "items", [])

    named = Named("first")
    named.items.append("a")
    named._save_state()
    named._clear_state()
    named.__init__("second")  # type: ignore[misc] # the document's own recipe

    assert (named.name, named.items) == ("second", [])


def test_clearing_what_was_never_saved_is_fine(path: Path) -> None:
    App(path)._clear_state()

    assert not path.exists()


def test_a_file_that_cannot_be_read_is_an_error_and_not_a_fresh_start(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StorageUnavailableError, match="a folder lies where the file should be"):
        App(path)


def test_a_folder_that_cannot_be_created_is_an_error_that_says_so(path: Path) -> None:
    path.touch()
    with pytest.raises(StorageUnavailableError, match="is unavailable"):
        App(path / "state.json")


def test_mode_and_link_stay(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(path)
    app = App(link)
    app._save_state()
    path.chmod(0o640)
    app.count = 7
    app._save_state()

    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    app._clear_state()
    assert names(tmp_path) == ["link.json"]
    app._save_state()
    assert App(path).count == 7


def test_what_a_killed_process_left_is_swept_up(path: Path) -> None:
    app = App(path)
    app.count = 1
    app._save_state()
    killed = subprocess.run([sys.executable, "-c", DIE_WHILE_SAVING, path], check=False)  # noqa: S603 # our own words
    left = len(names(path.parent))
    restarted = App(path)

    assert (killed.returncode, left, restarted.count) == (-signal.SIGKILL, 2, 1)
    assert names(path.parent) == ["state.json"]


def test_a_program_without_rights_is_told_so(path: Path) -> None:
    command = [sys.executable, "-c", SAVE_WITHOUT_RIGHTS, str(path)]
    path.parent.chmod(0o755)
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 # our own words

    assert "has no right to do that" in done.stdout
    assert os.fspath(path) in done.stdout


SAVE_WITHOUT_RIGHTS = """
import os, sys
from botkeep.errors import StorageUnavailableError
from botkeep.objects import StatefulObject

os.chmod(os.path.dirname(sys.argv[1]), 0o555)
if os.geteuid() == 0:
    os.seteuid(65534)  # no chmod binds root
try:
    StatefulObject(sys.argv[1])._save_state()
except StorageUnavailableError as error:
    print(error)
"""


FOREIGN: list[Any] = [
    {"$ref": "#/colours"},
    {"$date": 1700000000},
    {"$date": "soon"},
    {"$set": {"colour": "blue"}},
    {"$set": [{"a": [1]}]},
    {"$oid": "5f"},
    {"$dict": 5},
]


@pytest.mark.parametrize("value", FOREIGN, ids=str)
def test_a_file_of_another_program_with_dollars_is_not_damaged(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps({"colour": value, "inside": [value], "day": {"$date": "2026-11-21"}}))
    state = StatefulObject(path)
    state._save_state()
    again = vars(StatefulObject(path))

    assert (again["colour"], again["inside"], again["day"]) == (value, [value], date(2026, 11, 21))
    assert list(path.parent.glob("*corrupt*")) == []
