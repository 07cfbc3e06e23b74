"""Names from files and from outside reach neither code nor other folders."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from botkeep.errors import IdentifierError
from botkeep.objects import StatefulObject, profile_path


class App(StatefulObject):
    __slots__ = ("slot",)
    limit = 10

    def __init__(self, state_file: Path) -> None:
        super().__init__(state_file=state_file)
        self.count = getattr(self, "count", 0)

    @property
    def double(self) -> int:
        return 2 * self.count

    def increment(self) -> None:
        self.count += 1


def test_a_file_cannot_set_methods_properties_and_private_names(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.json"
    hostile = {"_state_file": "/etc/passwd", "_save_state": 1, "__class__": "x", "save": 1, "double": 1}
    path.write_text(json.dumps({**hostile, "increment": 1, "count": 3, "limit": 20, "slot": 4}))
    with caplog.at_level(logging.WARNING):
        app = App(path)
    app.increment()

    assert (app.count, app.double, app.limit, app.slot) == (4, 8, 20, 4)  # type: ignore[attr-defined] # a slot
    assert app._state_file == path
    assert all(repr(name) in caplog.text for name in (*hostile, "increment"))
    app._save_state()
    assert App(path).count == 4


@pytest.mark.parametrize("profile", ["../admin", "../../etc/passwd", "a/../../b"])
def test_a_state_file_that_goes_up_is_refused(tmp_path: Path, profile: str) -> None:
    with pytest.raises(ValueError, match=r"goes up with '\.\.'.*profile_path"):
        App(Path(f"{tmp_path}/profiles/{profile}.json"))

    assert list(tmp_path.iterdir()) == []


def test_an_empty_state_file_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        StatefulObject("")


@pytest.mark.parametrize("name", ["default", "José", "a.b", "user@example.com", "Team 7", "x" * 100, "日本"])
def test_a_good_profile_name_is_a_file_in_the_folder(tmp_path: Path, name: str) -> None:
    assert profile_path(tmp_path, name) == tmp_path / f"{name}.json"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "a\\b",
        "/etc/passwd",
        ".hidden",
        "a\n",
        "a\0",
        "a:b",
        "a ",
        "NUL",
        "com1.x",
    ],
)
def test_a_profile_name_that_leaves_the_folder_or_no_system_takes_is_refused(name: str) -> None:
    with pytest.raises(IdentifierError):
        profile_path("profiles", name)


def test_a_profile_name_must_be_text_of_a_hundred_characters_at_most() -> None:
    with pytest.raises(IdentifierError, match="must be a str, not int"):
        profile_path("profiles", 5)  # type: ignore[arg-type] # that is the point
    with pytest.raises(IdentifierError, match="101 characters long"):
        profile_path("profiles", "x" * 101)
