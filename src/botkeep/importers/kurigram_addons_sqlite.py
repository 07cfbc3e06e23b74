"""The file of kurigram-addons' ``SQLiteStorage``: the tables ``fsm_state`` and ``fsm_counter`` of 0.5."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from botkeep.errors import StorageFormatError
from botkeep.importers._arrivals import Arrivals, refusal
from botkeep.importers._kurigram_addons import read_json, take_in

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage
    from botkeep.migrate import Migration, OnProgress

_STATES: Final = "SELECT identifier, state_json, expires_at FROM fsm_state ORDER BY identifier"
_COUNTERS: Final = "SELECT identifier, value, expires_at FROM fsm_counter ORDER BY identifier"


class _Row(NamedTuple):
    identifier: str
    value: str | int
    expires_at: float | None


async def import_documents(
    source: str | os.PathLike[str],
    target: BaseStorage,
    *,
    bot_id: int | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> Migration:
    """Import states and counters with the time they have left; see `botkeep.importers`.

    Args:
        source: the path of the database.
        target: where to.
        bot_id: None: everything keeps its identifier, for a bot that stays on kurigram-addons
            (`botkeep_pyrogram.for_kurigram_addons`); else ``chat:ID`` and ``user:ID`` become dialogues of
            this bot, as `botkeep_pyrogram.Client` has them with the strategy "chat".
        overwrite: see there.
        on_progress: see `botkeep.migrate.migrate`.
    """
    states, counters = await asyncio.to_thread(_read, Path(source))
    now = time.time()
    async with Arrivals() as arrivals:
        for identifier, text, expires_at in states:
            document = read_json(identifier, str(text))
            await take_in(arrivals, identifier, document, _left(expires_at, now), bot_id)
        for identifier, value, expires_at in counters:
            if not isinstance(value, int):
                raise refusal(identifier, "it is no counter")
            await arrivals.add(identifier, value, seconds=_left(expires_at, now))
        return await arrivals.deliver(target, overwrite=overwrite, on_progress=on_progress)


def _read(path: Path) -> tuple[list[_Row], list[_Row]]:
    # sqlite3 would make a file that is not there.
    path.stat()
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            states, counters = ([_Row(*row) for row in database.execute(sql)] for sql in (_STATES, _COUNTERS))
            return states, counters
    except sqlite3.Error as exc:
        raise StorageFormatError(str(path), f"cannot be read as kurigram-addons' database: {exc}") from exc


def _left(expires_at: float | None, now: float) -> float | None:
    return None if expires_at is None else expires_at - now
