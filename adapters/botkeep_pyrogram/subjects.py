"""Who an update is about, where pyrogram and kurigram keep the ids."""

from __future__ import annotations

from typing import Any, Final

from pyrogram import raw, utils
from pyrogram.types import User

from botkeep.subjects import Subject, speaker_id
from botkeep.telegram import sender_chat_id

_USERS: Final = ("from_user", "user", "voter")
_RAW_SPEAKERS: Final = ("from_id", "actor", "actor_id", "user_id", "peer", "peer_id")
"""The more exact one first: a reaction's ``peer`` is the chat, and a vote's the person."""

_RAW_CONTENTS: Final = ("message", "boost", "connection")
"""Parts of an update that say who it is from; ``message`` may be a text, too."""


def subject_of(client: Any, update: Any) -> Subject:
    """Return the ids of an update.

    Args:
        client: the one that got it.
        update: as handlers get it: parsed, or raw.

    Raises:
        RuntimeError: the client has not started: it does not know yet who it is.
    """
    if client.me is None:
        raise RuntimeError("the client has not started yet, so it does not know which bot it is")
    # Topics and business accounts are kurigram's; pyrogram 2.0.106 has neither.
    message = getattr(update, "message", None) or update
    return Subject(
        bot_id=client.me.id,
        chat_id=chat_of(update),
        user_id=speaker_of(update),
        thread_id=getattr(message, "message_thread_id", None),
        business_connection_id=getattr(message, "business_connection_id", None),
    )


def speaker_of(update: Any) -> int | None:
    """Return the id of who sent an update; for a chat that speaks for itself, a channel, say, the chat's."""
    if isinstance(update, raw.core.TLObject):
        return raw_speaker_of(update)
    if isinstance(update, User):  # of a status
        return int(update.id)
    update = getattr(update, "boost", None) or update
    return speaker_id(_id_in(update, _USERS), sender_chat_id(update))


def chat_of(update: Any) -> int | None:
    """Return the id of the chat; a press on a button happens in the chat of the message under it."""
    chat = getattr(update, "chat", None) or getattr(getattr(update, "message", None), "chat", None)
    return None if chat is None else int(chat.id)


def raw_speaker_of(update: Any) -> int | None:
    """Return the same for an update of MTProto (core.telegram.org/type/Update); None: it is from nobody."""
    for content in (*(getattr(update, name, None) for name in _RAW_CONTENTS), update):
        for name in _RAW_SPEAKERS:
            speaker = getattr(content, name, None)
            if speaker is not None:
                return speaker if isinstance(speaker, int) else int(utils.get_peer_id(speaker))
    return None


def _id_in(update: Any, names: tuple[str, ...]) -> int | None:
    found = next(filter(None, (getattr(update, name, None) for name in names)), None)
    return None if found is None else int(found.id)
