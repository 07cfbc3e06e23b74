"""What the objects of the Telegram Bot API say, whichever framework made them.

aiogram, pyTelegramBotAPI and python-telegram-bot name their fields as core.telegram.org/bots/api does; what
stands in some of them is read here, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

_SPEAKING_CHATS: Final = ("sender_chat", "actor_chat", "voter_chat")


class ChatMove(NamedTuple):
    """A group that became a supergroup, and got another id by that.

    Attributes:
        old_chat_id: the group's.
        new_chat_id: the supergroup's.
    """

    old_chat_id: int
    new_chat_id: int


def sender_chat_id(event: Any) -> int | None:
    """Return the id of the chat that speaks for itself; None: a user does, or nobody.

    Args:
        event: a message, a reaction, a poll's answer; others have no such chat.
    """
    for name in _SPEAKING_CHATS:
        chat = getattr(event, name, None)
        if chat is not None:
            number: int = chat.id
            return number
    return None


@lru_cache(maxsize=256)
def _speaking_chats(kind: type) -> Sequence[str]:
    """Return which of the fields it may have: a pydantic model takes long to say that it has not."""
    declared = getattr(kind, "model_fields", None)
    return _SPEAKING_CHATS if declared is None else [name for name in _SPEAKING_CHATS if name in declared]


def booster_id(event: Any) -> int | None:
    """Return the id of who boosts a chat, or did so; None: nobody is named, or it is no boost.

    Args:
        event: a ``chat_boost`` or ``removed_chat_boost``.
    """
    user = getattr(getattr(getattr(event, "boost", event), "source", None), "user", None)
    return None if user is None else int(user.id)


def chat_move(event: Any) -> ChatMove | None:
    """Return which move an event tells of; None: it is no such message.

    Both chats are told: the old one by ``migrate_to_chat_id``, the new one by ``migrate_from_chat_id``.
    """
    new_chat_id = getattr(event, "migrate_to_chat_id", None)
    if new_chat_id is not None:
        return ChatMove(event.chat.id, new_chat_id)
    old_chat_id = getattr(event, "migrate_from_chat_id", None)
    return None if old_chat_id is None else ChatMove(old_chat_id, event.chat.id)
