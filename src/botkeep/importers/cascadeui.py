"""CascadeUI's JSON file: its whole state, with the views that were sent under ``persistent_views``."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botkeep.errors import StorageFormatError
from botkeep.importers.staging import StagedDocuments, import_error

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep.abc import BaseStorage
    from botkeep.importers.staging import ImportSettings
    from botkeep.migrate import Migration

_NAMESPACE: Final = "discord"
_VIEWS: Final = "persistent_views"
_TREES: Final = {"sessions", "views", "components", "application", _VIEWS}


async def import_documents(
    source: str | os.PathLike[str],
    target: BaseStorage,
    **settings: Unpack[ImportSettings],
) -> Migration:
    """Import the rows of views, to where `botkeep_discord.setup_persistence` looks.

    The rest of the state becomes one document, ``state`` in the namespace ``discord``, as
    `botkeep_discord.migrate_storage` keeps it. See `botkeep.importers`.

    Args:
        source: the path of the file.
        target: where to.
        settings: `botkeep.importers.staging.ImportSettings`.
    """
    state = await asyncio.to_thread(_read, Path(source))
    async with StagedDocuments(**settings) as staged:
        for key, row in state.pop(_VIEWS, {}).items():
            await staged.stage(key, _row(key, row), namespaces=(_NAMESPACE, "views"))
        rest = {name: tree for name, tree in state.items() if tree}
        if rest:
            await staged.stage("state", rest, namespaces=(_NAMESPACE,))
        return await staged.write_to(target)


def _read(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_bytes())
    except ValueError as exc:
        raise StorageFormatError(str(path), f"is no JSON: {exc}") from exc
    known = isinstance(state, dict) and state.keys() & _TREES
    if not known or not isinstance(state.get(_VIEWS, {}), dict):
        raise StorageFormatError(str(path), "is JSON, but no state of CascadeUI")
    whole: dict[str, Any] = state
    return whole


def _row(key: str, row: Any) -> dict[str, Any]:
    """Return what `botkeep_discord` stores of a view."""
    if not isinstance(row, dict) or not isinstance(row.get("class_name"), str):
        raise import_error(key, "it is no view of CascadeUI: it has no class_name")
    registered_at = row.get("registered_at")
    try:
        return {
            "class_name": row["class_name"],
            "channel_id": int(row["channel_id"]),
            "message_id": int(row["message_id"]),
            "guild_id": _optional_id(row.get("guild_id")),
            "user_id": _optional_id(row.get("user_id")),
            "bot_id": None,
            # Version 3 keeps what a view is constructed with; version 2 has views without arguments.
            "version": row.get("kwargs_schema_version") or 1,
            "keywords": row.get("init_kwargs") or {},
            "layout": False,
            "registered_at": None if registered_at is None else datetime.fromisoformat(registered_at),
        }
    except (KeyError, TypeError, ValueError) as exc:
        raise import_error(key, f"it is no view of CascadeUI: {exc!r}") from exc


def _optional_id(value: Any) -> int | None:
    return None if value is None else int(value)
