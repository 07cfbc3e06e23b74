"""Moving the dialogues of a chat: a Telegram group that becomes a supergroup gets another id."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botkeep.errors import IdentifierError
from botkeep.fsm.record import NAMESPACE, Record, is_empty
from botkeep.fsm.state_keys import StateKey
from botkeep.ttl import NO_TTL

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage

_REMOVED: Final[dict[str, Any]] = {"name": None, "data": {}}
_REMOVED_SECONDS: Final = 1e-6
"""A storage can expire what it compared, but not delete it."""


class DialogueMove(NamedTuple):
    """What `move_dialogues` did.

    Attributes:
        moved: how many dialogues are in the new chat now, and no longer in the old one.
        left: identifiers of the old chat whose place in the new chat holds another dialogue; both stay.
    """

    moved: int
    left: list[str]


async def move_dialogues(
    storage: BaseStorage, bot_id: int, old_chat_id: int, new_chat_id: int
) -> DialogueMove:
    """Move every dialogue of one bot in one chat to another chat, with the time each has left.

    For Telegram's ``migrate_to_chat_id`` and ``migrate_from_chat_id``, which both tell of the same move
    (core.telegram.org/bots/api#message). It may be called for both, at the same time, by several processes,
    and again after a crash in the middle: a dialogue is written to the new chat before it leaves the old one.

    A key whose user is the chat itself (the dialogue of a whole chat, or of an anonymous administrator) gets
    the new chat as its user.

    Args:
        storage: what `FSMContext` is given, and the adapters.
        bot_id: whose dialogues; those of other bots in the same chat stay.
        old_chat_id: the group, which takes no further messages.
        new_chat_id: the supergroup.

    Raises:
        StorageUnavailableError: the storage cannot be reached; what was not moved yet is where it was.
    """
    records = storage.namespace(NAMESPACE)
    moved, left = 0, list[str]()
    if old_chat_id == new_chat_id:
        return DialogueMove(moved, left)
    for identifier in await records.list_keys(f"bot:{bot_id}/chat:{old_chat_id}/*"):
        target = _moved_identifier(identifier, old_chat_id, new_chat_id)
        if target is None:
            continue
        done = await _move(records, identifier, target)
        if done:
            moved += 1
        elif done is False:
            left.append(identifier)
    return DialogueMove(moved, left)


def _moved_identifier(identifier: str, old_chat_id: int, new_chat_id: int) -> str | None:
    """Return the key in the new chat; None: it is no StateKey, but somebody's own identifier."""
    try:
        key = StateKey.parse(identifier)
    except IdentifierError:
        return None
    user_id = new_chat_id if key.user_id == old_chat_id else key.user_id
    return replace(key, chat_id=new_chat_id, user_id=user_id).identifier


async def _move(records: BaseStorage, old: str, new: str) -> bool | None:
    """Move one record; False: another one is in its place; None: there is none."""
    written: Any = None
    while (record := await records.get_state(old)) is not None and not is_empty(record):
        seconds = await records.get_ttl(old)
        ttl = NO_TTL if seconds == math.inf else seconds
        copy = _without_fence(record)
        if ttl is None or not await records.compare_and_set(new, copy, expected=written, ttl=ttl):
            there = await records.get_state(new)
            if there is None or is_empty(there):
                written = there
                continue
            if _without_fence(there) != copy:
                return False
        # A handler that still runs in the old chat may have written meanwhile: then once more.
        if await records.compare_and_set(old, _REMOVED, expected=record, ttl=_REMOVED_SECONDS):
            return True
        written = copy
    return None


def _without_fence(record: Record) -> Record:
    """A fence counts the locks of one key; the new key has locks of its own."""
    return {name: value for name, value in record.items() if name != "fence"}
