"""Whose dialogue it is: the key of a record, and which parts of an update belong to it."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from botkeep._core.compat import override
from botkeep.errors import IdentifierError
from botkeep.keys import check_identifier

_NONE: Final = "-"
_DEFAULT: Final = "default"
_PATTERN: Final = re.compile(
    r"bot:(?P<bot_id>-?\d+)/chat:(?P<chat_id>-?\d+)/user:(?P<user_id>-?\d+)/thread:(?P<thread_id>-|-?\d+)"
    r"/business:(?P<business_connection_id>[^/]*)/destiny:(?P<destiny>(?!-\Z)[^/]*)",
    re.ASCII,
)
_ESCAPED: Final = re.compile(r"[%/\0]")
_ESCAPE: Final = re.compile(r"%([0-9A-F]{2})")


@dataclass(frozen=True)
class StateKey:
    """The key of a dialogue; different keys never have the same identifier.

    The parts are those of aiogram's ``StorageKey``; for a framework that lacks some, the defaults do. A
    `KeyStrategy` decides which of an update's ids to put in.

    Attributes:
        bot_id: the bot; several bots may share a storage.
        chat_id: the chat.
        user_id: the user.
        thread_id: the topic of a forum, or the thread.
        business_connection_id: the connection of a Telegram business account.
        destiny: tells dialogues of one user in one chat apart.

    Raises:
        TypeError: an id is not an int, or a text not a str.
        IdentifierError: the identifier would be longer than 1,024 bytes, or is no Unicode.
    """

    bot_id: int
    chat_id: int
    user_id: int
    thread_id: int | None = None
    business_connection_id: str | None = None
    destiny: str = _DEFAULT

    def __post_init__(self) -> None:
        if not type(self.bot_id) is type(self.chat_id) is type(self.user_id) is int:
            for name in ("bot_id", "chat_id", "user_id"):
                _check(name, getattr(self, name), int)
        if self.thread_id is not None:
            _check("thread_id", self.thread_id, int)
        if self.business_connection_id is not None:
            _check("business_connection_id", self.business_connection_id, str)
        if type(self.destiny) is not str:
            _check("destiny", self.destiny, str)
        check_identifier(self.identifier)

    @cached_property
    def identifier(self) -> str:
        """The key as the storage has it: ``bot:42/chat:-100/user:7/thread:-/business:-/destiny:default``.

        "-" stands for None. "%", "/" and NUL inside of a text are escaped as in a URL.
        """
        thread = _NONE if self.thread_id is None else self.thread_id
        business = _NONE if self.business_connection_id is None else _escaped(self.business_connection_id)
        destiny = _DEFAULT if self.destiny == _DEFAULT else _escaped(self.destiny)
        return (
            f"bot:{self.bot_id}/chat:{self.chat_id}/user:{self.user_id}/thread:{thread}"
            f"/business:{business}/destiny:{destiny}"
        )

    @override
    def __str__(self) -> str:
        return self.identifier

    @classmethod
    def parse(cls, identifier: str) -> StateKey:
        """Return the key that has this identifier, as `BaseStorage.list_keys` lists them.

        Raises:
            IdentifierError: no key has it.
        """
        check_identifier(identifier)
        found = _PATTERN.fullmatch(identifier)
        key = None if found is None else cls(**_parts(found.groupdict()))
        if key is None or key.identifier != identifier:
            raise IdentifierError(
                identifier,
                "is no StateKey; one looks like bot:42/chat:-100/user:7/thread:-/business:-/destiny:default",
            )
        return key


class KeyStrategy(enum.Enum):
    """Who shares a dialogue. The value is the name that settings use: ``KeyStrategy("chat")``."""

    USER_IN_CHAT = "user_in_chat"
    """Each user has one dialogue in each chat."""
    CHAT = "chat"
    """All users of a chat share one; without a chat, the user has it. So does kurigram-addons."""
    USER = "user"
    """Each user has one dialogue, wherever they write."""
    USER_IN_TOPIC = "user_in_topic"
    """Each user has one dialogue in each topic of each chat."""
    TOPIC = "topic"
    """All users of a topic share one."""

    @classmethod
    @override
    def _missing_(cls, value: object) -> KeyStrategy:
        names = ", ".join(repr(strategy.value) for strategy in cls)
        raise ValueError(f"{value!r} is no strategy for keys; there are {names}")


def state_key(
    strategy: KeyStrategy | str,
    *,
    bot_id: int,
    chat_id: int | None,
    user_id: int | None,
    thread_id: int | None = None,
    business_connection_id: str | None = None,
    destiny: str = "default",
) -> StateKey | None:
    """Return the key of the dialogue that an update belongs to; None: it belongs to none.

    An update without a chat (an inline query) is taken as one of the user's private chat. One without a user
    (a channel post) has a dialogue only where users share one. The parts that a strategy leaves out are None,
    and the user's id is the chat's where the chat is all that counts: the keys are those of aiogram.

    Raises:
        ValueError: an unknown strategy.
    """
    strategy = KeyStrategy(strategy)
    chat_id = user_id if chat_id is None else chat_id
    if strategy in (KeyStrategy.CHAT, KeyStrategy.TOPIC):
        user_id = chat_id
    if strategy is KeyStrategy.USER:
        chat_id = user_id
    if strategy not in (KeyStrategy.USER_IN_TOPIC, KeyStrategy.TOPIC):
        thread_id = None
    if chat_id is None or user_id is None:
        return None
    return StateKey(bot_id, chat_id, user_id, thread_id, business_connection_id, destiny)


def _check(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{name} must be {'an int' if kind is int else 'a str'}, not {value!r}")


def _escaped(text: str) -> str:
    if text == _NONE:
        return "%2D"
    # The value itself: a member of a str enum prints as its name.
    return _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", str.__str__(text))


def _unescaped(text: str) -> str | None:
    return None if text == _NONE else _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _parts(found: dict[str, str]) -> dict[str, Any]:
    thread = found["thread_id"]
    return {
        **{name: int(found[name]) for name in ("bot_id", "chat_id", "user_id")},
        "thread_id": None if thread == _NONE else int(thread),
        "business_connection_id": _unescaped(found["business_connection_id"]),
        "destiny": _unescaped(found["destiny"]),
    }


def identifier_of(key: StateKey | str) -> str:
    """Return the identifier of a key; a str is one already.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(key, StateKey):
        return key.identifier
    if not isinstance(key, str):
        raise TypeError(f"a key must be a StateKey or a str, not {key!r}")
    return key
