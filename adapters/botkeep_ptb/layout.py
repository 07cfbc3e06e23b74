"""Where a bot's records are: the namespaces and identifiers that the adapter and the importer use."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

NAMESPACE: Final = "ptb"
"""In the storage: in it one namespace per bot, and in that one per kind of record."""


class Key(NamedTuple):
    """Where a record is: names of namespaces, one in the other, and an identifier."""

    kind: tuple[str, ...]
    identifier: str


USERS: Final = ("users",)
"""``user_data``; the identifier is the user's id."""

CHATS: Final = ("chats",)
"""``chat_data``; the identifier is the chat's id."""

BOT_DATA: Final = Key((), "bot_data")

KEYBOARDS: Final = ("callback_data", "keyboards")
"""Callback data: when a keyboard was used last, and the data of its buttons."""

QUERIES: Final = ("callback_data", "queries")
"""The keyboard of each callback query."""

CALLBACK_DATA: Final = Key((), "callback_data")
"""All keyboards and queries together, as version 0.1 has written them."""


def name_of(key: Key) -> str:
    """Return what python-telegram-bot calls data: ``user_data[7]``, ``bot_data``."""
    names = {USERS: "user_data", CHATS: "chat_data"}
    return f"{names[key.kind]}[{key.identifier}]" if key.kind in names else key.identifier


def conversations(name: str) -> tuple[str, ...]:
    """Return the kind of the states of one `ConversationHandler`."""
    return ("conversations", name)


def conversation(name: str, key: tuple[int | str, ...]) -> Key:
    """Return the record of one conversation's state."""
    return Key(conversations(name), json.dumps(key))


def conversation_key(identifier: str) -> tuple[int | str, ...]:
    """Return the key of a conversation from the identifier of its record."""
    found: list[Any] = json.loads(identifier)
    return tuple(found)
