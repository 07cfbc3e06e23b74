"""A state of CascadeUI, in the layout of its versions 2 and 3, read by `botkeep_discord`."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from botkeep import BaseStorage, MigrationError, StorageFormatError
from botkeep.importers import cascadeui
from botkeep_discord.persistence import NAMESPACE, VIEWS
from botkeep_discord.views.rows import Row, Rows

ROW = {
    "state_key": "lobby",
    "class_name": "Lobby",
    "message_id": "1001",
    "channel_id": "77",
    "guild_id": "5",
    "user_id": None,
    "registered_at": "2026-03-14T18:42:07+00:00",
}
STATE: dict[str, Any] = {
    "sessions": {},
    "views": {},
    "components": {},
    "application": {"counters": {"lobby": 3}},
    "persistent_views": {
        "lobby": ROW,
        "poll": {**ROW, "class_name": "polls.Poll", "init_kwargs": {"n": 2}, "kwargs_schema_version": 3},
    },
}


def write(path: Path, state: Any) -> Path:
    path.write_text(json.dumps(state, indent=2))
    return path


async def test_its_views_are_there_for_the_adapter(tmp_path: Path, target: BaseStorage) -> None:
    result = await cascadeui.import_documents(write(tmp_path / "state.json", STATE), target)

    found = dict([item async for item in Rows(target.namespace(NAMESPACE).namespace(VIEWS)).all()])
    at = datetime(2026, 3, 14, 18, 42, 7, tzinfo=timezone.utc)
    assert result.copied == 3
    assert found["lobby"] == Row("Lobby", 77, 1001, guild_id=5, registered_at=at)
    poll = found["poll"]
    assert isinstance(poll, Row)
    assert (poll.class_name, poll.version, poll.keywords) == ("polls.Poll", 3, {"n": 2})


async def test_the_rest_of_its_state_is_one_document(tmp_path: Path, target: BaseStorage) -> None:
    await cascadeui.import_documents(write(tmp_path / "state.json", STATE), target)

    assert await target.namespace("discord").get_state("state") == {"application": STATE["application"]}


@pytest.mark.parametrize(
    "row", [{}, "text", {**ROW, "message_id": None}, {**ROW, "channel_id": "x"}, {**ROW, "registered_at": 5}]
)
async def test_a_row_of_another_shape_is_named_and_nothing_is_imported(
    tmp_path: Path, target: BaseStorage, row: Any
) -> None:
    path = write(tmp_path / "state.json", {"persistent_views": {"fine": ROW, "odd": row}})

    with pytest.raises(MigrationError, match="'odd' cannot be imported"):
        await cascadeui.import_documents(path, target)
    assert await target.list_namespaces() == []


@pytest.mark.parametrize("state", [[1], {"a": 1}, {"persistent_views": [1]}])
async def test_another_file_is_refused(tmp_path: Path, target: BaseStorage, state: Any) -> None:
    with pytest.raises(StorageFormatError, match="no state of CascadeUI"):
        await cascadeui.import_documents(write(tmp_path / "state.json", state), target)


async def test_a_damaged_file_is_refused(tmp_path: Path, target: BaseStorage) -> None:
    (tmp_path / "state.json").write_text('{"persistent_')

    with pytest.raises(StorageFormatError, match="is no JSON"):
        await cascadeui.import_documents(tmp_path / "state.json", target)
