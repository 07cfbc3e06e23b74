"""The dialogues that Botkeep 0.1 kept for pyTelegramBotAPI, in a layout of its own."""

from __future__ import annotations

import math
from typing import Final

from botkeep import NO_TTL, BaseStorage, UnknownStateError
from botkeep_telebot.names import name_of

_NAMESPACE: Final = "telebot"
"""Where 0.1 kept ``{"state": ..., "data": ...}``, under the identifiers that are in use today."""

_RECORDS: Final = "fsm"
"""Where every adapter keeps ``{"name": ..., "data": ...}``; see `botkeep.fsm`."""


async def convert(storage: BaseStorage) -> None:
    """Make records of what 0.1 has kept; a dialogue that has a record by now keeps that.

    A run that was interrupted is taken up by the next: a record is written before the former one goes.
    """
    former, records = storage.namespace(_NAMESPACE), storage.namespace(_RECORDS)
    async for identifier in former.scan():
        found, seconds = await former.get_state(identifier), await former.get_ttl(identifier)
        if found is None or seconds is None:
            continue
        record = {"name": _name(found["state"]), "data": found["data"]}
        ttl = NO_TTL if seconds == math.inf else seconds
        await records.compare_and_set(identifier, record, expected=None, ttl=ttl)
        await former.delete_state(identifier)


def _name(state: object) -> str | None:
    # 0.1 took anything for a state.
    try:
        return name_of(state)
    except UnknownStateError:
        return str(state)
