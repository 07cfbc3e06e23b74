"""What CascadeUI has stored, brought into a storage, to where `setup_persistence` looks for views.

Its version 2 keeps the whole state as one JSON text: in a file, in the table ``cascadeui_state`` of a SQLite
database, or under a key on a Redis server. Its version 3 has tables in a SQLite database, which up to 3.0 are
named without ``cascadeui_``: one of views, one of the application's slots, and one of keys and values.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botkeep import StorageFormatError
from botkeep.importers.staging import StagedDocuments
from botkeep_discord.persistence import NAMESPACE, VIEWS

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep import BaseStorage
    from botkeep.importers.staging import ImportSettings
    from botkeep.migrate import Migration

_ROWS: Final = "persistent_views"
_TREES: Final = {"sessions", "views", "components", "application", _ROWS}
"""What a state of version 2 has one of, at least."""

_VIEW_TABLES: Final = ("cascadeui_persistent_views", "persistent_views")
_SLOT_TABLES: Final = ("cascadeui_application_slots", "application_slots")
_PAIR_TABLE: Final = "cascadeui_kv"
_STATE_TABLE: Final = "cascadeui_state"

_SQLITE: Final = b"SQLite format 3\x00"

_Tables = dict[str, list[dict[str, Any]]]


async def import_cascadeui(
    source: str | os.PathLike[str],
    target: BaseStorage,
    *,
    table_prefix: str = "",
    key: str = "cascadeui:state",
    **settings: Unpack[ImportSettings],
) -> Migration:
    """Import the rows of views, and the rest of the state as documents in the namespace ``discord``.

    The rest of a state of version 2, and the slots of version 3 under ``application``, become one document,
    ``state``, as `migrate_storage` keeps it. Slots with a time to live become documents in
    ``discord/application``, which have the time that is left; keys and values, as bytes, those in
    ``discord/kv/NAMESPACE``.

    Args:
        source: the path of a JSON file or a SQLite database; or the URL of a Redis server. Only read.
        target: where to.
        table_prefix: what version 3 was told to put before the names of its tables.
        key: of the state on a Redis server.
        settings: `botkeep.importers.staging.ImportSettings`.

    Raises:
        MigrationError: something could not be imported; all else was.
        StorageFormatError: this is no state of CascadeUI, or a damaged one.
        StorageUnavailableError: the server cannot be reached.
        ImportError: a Redis server is named, and its driver is not installed.
        OSError: the file cannot be read.
    """
    async with StagedDocuments(**settings) as staged:
        if isinstance(source, str) and source.startswith(("redis://", "rediss://", "unix://")):
            await _stage_state(staged, await _read_server(source, key, staged))
        else:
            await _stage_file(staged, Path(source), table_prefix)
        return await staged.write_to(target)


async def _stage_file(staged: StagedDocuments, path: Path, table_prefix: str) -> None:
    content = await asyncio.to_thread(_read_file, path, table_prefix)
    if isinstance(content, str):
        await _stage_state(staged, _parsed(content, str(path)))
    else:
        await _stage_tables(staged, content, str(path))


def _read_file(path: Path, table_prefix: str) -> str | _Tables:
    with path.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if not is_database:
        return path.read_text(encoding="utf-8", errors="replace")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            # One snapshot of all tables: the bot may be running.
            database.execute("BEGIN")
            tables = dict(_read_tables(database, table_prefix))
    except sqlite3.Error as exc:
        raise StorageFormatError(str(path), f"cannot be read as CascadeUI's database: {exc}") from exc
    if not tables:
        prefixed = f" that begin with {table_prefix!r}" if table_prefix else ""
        raise StorageFormatError(str(path), f"is a database, but has no tables of CascadeUI{prefixed}")
    states = tables.get(_STATE_TABLE)
    return str(states[0]["data"]) if states else tables


def _read_tables(database: sqlite3.Connection, prefix: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    present = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for names in (_VIEW_TABLES, _SLOT_TABLES, (_PAIR_TABLE,), (_STATE_TABLE,)):
        for name in names:
            # Version 2 knows no prefix.
            table = name if name == _STATE_TABLE else f"{prefix}{name}"
            if table in present:
                quoted = table.replace('"', '""')
                rows = database.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 # a name, and quoted
                yield names[0], [dict(row) for row in rows]
                break


async def _read_server(url: str, key: str, staged: StagedDocuments) -> dict[str, Any]:
    try:
        # Only who has a Redis has its driver.
        from botkeep.importers.foreign_redis import read_strings  # noqa: PLC0415
    except ModuleNotFoundError as exc:
        raise ImportError(
            f"the key of a Redis server cannot be read: {exc}; pip install 'botkeep[discord,redis]'"
        ) from exc
    async for found in read_strings(url, key, staged):
        if found.name == key:
            return _parsed(found.text, key)
    raise StorageFormatError(url.rpartition("@")[2], f"has no key {key!r}")


def _parsed(text: str, place: str) -> dict[str, Any]:
    try:
        state = json.loads(text)
    except ValueError as exc:
        raise StorageFormatError(place, f"is no JSON: {exc}") from exc
    if not isinstance(state, dict) or not state.keys() & _TREES or not isinstance(state.get(_ROWS, {}), dict):
        raise StorageFormatError(place, "is JSON, but no state of CascadeUI")
    return state


async def _stage_state(staged: StagedDocuments, state: dict[str, Any]) -> None:
    for key, row in state.pop(_ROWS, {}).items():
        await _stage_view(staged, key, row)
    rest = {name: tree for name, tree in state.items() if tree}
    if rest:
        await staged.stage("state", rest, namespaces=(NAMESPACE,))


async def _stage_tables(staged: StagedDocuments, tables: _Tables, place: str) -> None:
    try:
        for row in tables.get(_VIEW_TABLES[0], []):
            await _stage_view(staged, row["persistence_key"], {**row, "class_name": row["view_class"]})
        await _stage_slots(staged, tables.get(_SLOT_TABLES[0], []))
        for row in tables.get(_PAIR_TABLE, []):
            places = (NAMESPACE, "kv", row["namespace"])
            await staged.stage(row["key"], bytes(row["value"]), namespaces=places)
    except KeyError as exc:
        raise StorageFormatError(place, f"is a database, but none of CascadeUI: {exc} is missing") from exc


async def _stage_slots(staged: StagedDocuments, rows: list[dict[str, Any]]) -> None:
    slots: dict[str, Any] = {}
    for row in rows:
        name, expires_at = row["slot_name"], row["expires_at"]
        try:
            payload = json.loads(row["payload"])
        except (TypeError, ValueError) as exc:
            staged.refuse(name, f"it is a slot of CascadeUI, but {exc}")
            continue
        if expires_at is None:
            slots[name] = payload
        else:
            places = (NAMESPACE, "application")
            await staged.stage(name, payload, namespaces=places, seconds=expires_at - time.time())
    if slots:
        await staged.stage("state", {"application": slots}, namespaces=(NAMESPACE,))


async def _stage_view(staged: StagedDocuments, key: str, row: Any) -> None:
    try:
        document = _row(row)
    except (KeyError, TypeError, ValueError) as exc:
        staged.refuse(key, f"it is no view of CascadeUI: {exc!r}")
    else:
        await staged.stage(key, document, namespaces=(NAMESPACE, VIEWS))


def _row(row: Any) -> dict[str, Any]:
    """Return what is stored of a view here."""
    if not isinstance(row["class_name"], str):
        raise TypeError("class_name")
    keywords = row.get("init_kwargs") or {}
    if isinstance(keywords, str):
        keywords = json.loads(keywords)
    if not isinstance(keywords, dict):
        raise TypeError("init_kwargs")
    return {
        "class_name": row["class_name"],
        "channel_id": int(row["channel_id"]),
        "message_id": int(row["message_id"]),
        "guild_id": _optional_id(row.get("guild_id")),
        "user_id": _optional_id(row.get("user_id")),
        "bot_id": None,
        # Version 3 keeps what a view is constructed with; version 2 has views without arguments.
        "version": row.get("kwargs_schema_version") or 1,
        "keywords": keywords,
        "layout": False,
        "registered_at": _moment(row),
    }


def _optional_id(value: Any) -> int | None:
    return None if value is None else int(value)


def _moment(row: dict[str, Any]) -> datetime | None:
    created_at, registered_at = row.get("created_at"), row.get("registered_at")
    if created_at is not None:
        return datetime.fromtimestamp(created_at, timezone.utc)
    return None if registered_at is None else datetime.fromisoformat(registered_at)
