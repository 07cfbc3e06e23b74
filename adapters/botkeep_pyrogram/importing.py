"""What kurigram-addons 0.5 has written, brought into a storage: its SQLite file, or its Redis keys.

Its file has the tables ``fsm_state`` and ``fsm_counter``; its keys are ``PREFIX:IDENTIFIER``. Under both lie
JSON objects of a name and data, and integers.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botkeep import KeyStrategy, StorageFormatError, state_key
from botkeep.fsm.record import NAMESPACE
from botkeep.importers.foreign_redis import read_strings
from botkeep.importers.staging import StagedDocuments

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep import BaseStorage
    from botkeep.importers.staging import ImportSettings
    from botkeep.migrate import Migration

_STATES: Final = "SELECT identifier, state_json, expires_at FROM fsm_state ORDER BY identifier"
_COUNTERS: Final = "SELECT identifier, value, expires_at FROM fsm_counter ORDER BY identifier"
_DIALOGUE: Final = re.compile(r"(?P<kind>chat|user):(?P<id>-?\d+)", re.ASCII)


async def import_addons_sqlite(
    source: str | os.PathLike[str],
    target: BaseStorage,
    *,
    bot_id: int | None = None,
    **settings: Unpack[ImportSettings],
) -> Migration:
    """Import the states and counters of its ``SQLiteStorage``, with the time they have left.

    A counter of the same name as a state has the key ``fsm_counter:NAME`` in errors and in ``rename``.

    Args:
        source: the path of the database; only read.
        target: where to.
        bot_id: None: everything keeps its identifier, for a bot that stays on kurigram-addons
            (`botkeep_pyrogram.for_kurigram_addons`); else ``chat:ID`` and ``user:ID`` become dialogues of
            this bot, as `botkeep_pyrogram.Client` has them with the strategy "chat".
        settings: `botkeep.importers.staging.ImportSettings`.

    Raises:
        MigrationError: something could not be imported; all else was.
        StorageFormatError: the file is no database of kurigram-addons.
        OSError: it cannot be read.
    """
    states, counters = await asyncio.to_thread(_read, Path(source))
    now = time.time()
    async with StagedDocuments(**settings) as staged:
        for row in (*states, *counters):
            if not row.is_named():
                staged.refuse(repr(row.identifier), "its name is no text")
        for row in filter(_Row.is_named, states):
            await _stage_json(staged, bot_id, row.identifier, row.identifier, row.value, row.seconds(now))
        names = {row.identifier for row in states}
        for row in filter(_Row.is_named, counters):
            key = f"fsm_counter:{row.identifier}" if row.identifier in names else row.identifier
            if isinstance(row.value, int):
                await staged.stage(key, row.value, identifier=row.identifier, seconds=row.seconds(now))
            else:
                staged.refuse(key, f"it is no counter but {row.value!r}")
        return await staged.write_to(target)


async def import_addons_redis(
    source: str,
    target: BaseStorage,
    *,
    prefix: str = "fsm",
    bot_id: int | None = None,
    **settings: Unpack[ImportSettings],
) -> Migration:
    """Import the states and counters of its ``RedisStorage``, with the time they have left.

    Args:
        source: the server's URL; only read.
        target: where to.
        prefix: what was given to kurigram-addons' storage.
        bot_id: None: everything keeps its identifier; else ``chat:ID`` and ``user:ID`` become dialogues of
            this bot, as `botkeep_pyrogram.Client` has them with the strategy "chat".
        settings: `botkeep.importers.staging.ImportSettings`.

    Raises:
        MigrationError: something could not be imported; all else was.
        StorageUnavailableError: the server cannot be reached.
    """
    start = f"{prefix}:"
    async with StagedDocuments(**settings) as staged:
        async for name, text, seconds in read_strings(source, start, staged):
            await _stage_json(staged, bot_id, name, name.removeprefix(start), text, seconds)
        return await staged.write_to(target)


class _Row(NamedTuple):
    identifier: Any
    value: Any
    expires_at: Any

    def is_named(self) -> bool:
        """Whether the name is text: SQLite keeps bytes in such a column, too."""
        return isinstance(self.identifier, str)

    def seconds(self, now: float) -> Any:
        """Return what is left to live; what is no number is left to the check of all documents."""
        return self.expires_at - now if isinstance(self.expires_at, (int, float)) else self.expires_at


def _read(path: Path) -> tuple[list[_Row], list[_Row]]:
    path.stat()  # sqlite3's own error does not say that the file is missing
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            # What is no UTF-8 becomes lone surrogates, which no document and no identifier may have.
            database.text_factory = lambda text: text.decode(errors="surrogateescape")
            states, counters = ([_Row(*row) for row in database.execute(sql)] for sql in (_STATES, _COUNTERS))
            return states, counters
    except sqlite3.Error as exc:
        raise StorageFormatError(str(path), f"cannot be read as kurigram-addons' database: {exc}") from exc


async def _stage_json(
    staged: StagedDocuments, bot_id: int | None, key: str, identifier: str, text: str, seconds: float | None
) -> None:
    try:
        document = json.loads(text)
    except (ValueError, TypeError, RecursionError) as exc:
        staged.refuse(key, f"it is no JSON, as kurigram-addons writes it: {exc}")
        return
    found = _DIALOGUE.fullmatch(identifier)
    if not isinstance(document, (dict, int)):
        staged.refuse(key, "it is neither a state nor a counter of kurigram-addons")
    elif bot_id is None or found is None or not isinstance(document, dict):
        await staged.stage(key, document, identifier=identifier, seconds=seconds)
    else:
        await _stage_dialogue(staged, bot_id, key, int(found["id"]), document, seconds)


async def _stage_dialogue(
    staged: StagedDocuments, bot_id: int, key: str, owner: int, document: Any, seconds: float | None
) -> None:
    record = {"name": document.get("name"), "data": document.get("data", {})}
    if not isinstance(record["name"], (str, type(None))) or not isinstance(record["data"], dict):
        staged.refuse(key, 'it is no dialogue: {"name": ..., "data": {...}}')
        return
    dialogue = state_key(KeyStrategy.CHAT, bot_id=bot_id, chat_id=owner, user_id=owner)
    assert dialogue is not None  # it has a chat
    await staged.stage(key, record, namespaces=(NAMESPACE,), identifier=dialogue.identifier, seconds=seconds)
