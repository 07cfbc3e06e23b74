"""What is no argument of its kind is told where it is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from botkeep_discord import FileStorageBackend, rate_limit, setup_persistence


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"timeout": "2"}, TypeError, "timeout must be seconds"),
        ({"timeout": 60}, ValueError, "timeout must be between 0 and the 3"),
        ({"verify": ["background"]}, ValueError, "verify must be True, False or"),
    ],
)
async def test_a_setting_that_makes_no_sense_is_refused_by_its_name(
    settings: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        await setup_persistence(**settings)


def test_what_is_no_storage_counts_nothing() -> None:
    with pytest.raises(TypeError, match="storage must be a Botkeep storage"):
        rate_limit("redis://localhost", "5/minute")  # type: ignore[arg-type] # the point


async def test_a_state_of_another_layer_is_found_in_the_home_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "old_state.json").write_text(json.dumps({"theme": "dark"}))

    assert await FileStorageBackend("~/old_state.json").load_state() == {"theme": "dark"}
