"""All states in one dict or file, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.objects.models import Broken, Choosy, Model

from botkeep.errors import DocumentError, StorageFormatError, StorageUnavailableError
from botkeep.objects import FolderBackups, Imported


@pytest.fixture
def backups(tmp_path: Path) -> FolderBackups:
    return FolderBackups(tmp_path / "objects")


def test_what_is_exported_to_a_file_can_be_imported_elsewhere(backups: FolderBackups, tmp_path: Path) -> None:
    backups.register(Model(7.5), "arm")
    backups.register(Model(8.5), "leg")
    states = backups.export_all(tmp_path / "all.json")
    elsewhere = FolderBackups(tmp_path / "elsewhere")
    arm, leg = elsewhere.register(Model(), "arm"), elsewhere.register(Model(), "leg")
    imported = elsewhere.import_all(tmp_path / "all.json")

    assert states == {"arm": {"value": 7.5}, "leg": {"value": 8.5}}
    assert json.loads((tmp_path / "all.json").read_text()) == states
    assert imported == Imported(restored=["arm", "leg"], unknown=[], failed=[])
    assert (arm.value, leg.value, arm.needs_backup) == (7.5, 8.5, True)


def test_an_import_says_who_is_unknown_and_who_failed(
    backups: FolderBackups, caplog: pytest.LogCaptureFixture
) -> None:
    backups.register(Choosy(), "choosy")
    arm = backups.register(Model(), "arm")
    states: dict[str, Any] = {"choosy": {"value": 1}, "nobody": {}, "arm": {"value": 7.5}}
    imported = backups.import_all(states)

    assert imported == Imported(restored=["arm"], unknown=["nobody"], failed=["choosy"])
    assert arm.value == 7.5
    assert "'choosy' could not be restored from what was imported" in caplog.text


def test_what_is_exported_or_imported_shares_nothing_with_the_objects(backups: FolderBackups) -> None:
    model: Any = backups.register(Model(), "arm")
    model.value = [1]
    exported = backups.export_all()
    exported["arm"]["value"].append(2)
    given = {"arm": {"value": [3]}}
    after_export = list(model.value)
    backups.import_all(given)
    given["arm"]["value"].append(4)

    assert (after_export, model.value) == ([1], [3])


def test_an_export_is_whole_or_not_at_all(backups: FolderBackups, tmp_path: Path) -> None:
    model: Any = backups.register(Model(), "arm")
    model.value = print
    with pytest.raises(DocumentError, match=r"arm\.value: a builtin_function_or_method cannot be stored"):
        backups.export_all(tmp_path / "all.json")
    backups.register(Broken(), "broken")
    with pytest.raises(RuntimeError, match="unplugged"):
        backups.export_all(tmp_path / "all.json")

    assert not (tmp_path / "all.json").exists()


def test_a_file_that_is_no_export_is_refused(backups: FolderBackups, tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text('{"arm": ')
    with pytest.raises(StorageFormatError, match="not what export_all writes"):
        backups.import_all(tmp_path / "all.json")
    with pytest.raises(StorageUnavailableError, match="No such file"):
        backups.import_all(tmp_path / "absent.json")
