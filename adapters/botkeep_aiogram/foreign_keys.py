"""The keys of aiogram's ``DefaultKeyBuilder``, read back.

``PREFIX:BOT:BUSINESS:CHAT:THREAD:USER:DESTINY:state``, of which bot, business connection, thread and destiny
may be missing. A key does not say which of them it has, so one key may be read in several ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from botkeep import StateKey

PARTS: Final = ("state", "data", "lock")
_NUMBER: Final = re.compile(r"0|-?[1-9]\d*", re.ASCII)
_DESTINIES: Final = ("default", "scenes_history")
"""Those of aiogram itself."""


class ForeignKeyError(Exception):
    """A key that cannot be read, or not in one way only.

    Attributes:
        reason: why, and what to do about it.
        foreign: it has not the shape that the settings say: it is not one of these keys at all.
    """

    def __init__(self, reason: str, *, foreign: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.foreign = foreign


@dataclass(frozen=True)
class KeyFormat:
    """How ``DefaultKeyBuilder`` was set up.

    Attributes:
        prefix: as given to it; so are the separator and the next two.
        separator: between the parts of a key.
        with_business_connection_id: keys may have one.
        with_destiny: keys have one.
        bot_id: whose keys they are; None: they say so themselves (``with_bot_id=True``).
        topics: whether the bot's strategy tells topics apart (USER_IN_TOPIC, CHAT_TOPIC), for keys that can
            be read either way; None: unknown.
    """

    prefix: str = "fsm"
    separator: str = ":"
    with_business_connection_id: bool = False
    with_destiny: bool = False
    bot_id: int | None = None
    topics: bool | None = None

    def parse(self, name: str) -> tuple[StateKey, str]:
        """Return whose key it is, and which part of the record is there.

        Raises:
            ForeignKeyError: it does not look as the settings say, or can be read in several ways.
            IdentifierError: it is too long for Botkeep.
        """
        part = name.rpartition(self.separator)[2]
        start = f"{self.prefix}{self.separator}"
        if part not in PARTS or not name.startswith(start):
            raise ForeignKeyError("it is no key of DefaultKeyBuilder with these settings", foreign=True)
        found = list(dict.fromkeys(self._readings(name[len(start) : len(name) - len(part)])))
        if not found:
            raise ForeignKeyError("it is no key of DefaultKeyBuilder with these settings", foreign=True)
        if all(key.chat_id == self.bot_id for key in found):
            # A bot never writes to itself.
            raise ForeignKeyError(
                "it names the bot: leave out bot_id, which is for keys that do not", foreign=True
            )
        likely = self._likely(found)
        if len(likely) > 1:
            readings = " or ".join(key.identifier for key in likely)
            raise ForeignKeyError(
                f"it can be read as {readings}: say whether the bot tells topics apart (topics=, --topics, "
                "--no-topics), or rename it"
            )
        return likely[0], part

    def _likely(self, found: list[StateKey]) -> list[StateKey]:
        """Leave out readings that cannot be, as long as others are left."""
        # A private chat has the id of its user.
        tests: list[Callable[[StateKey], bool]] = [lambda key: key.chat_id < 0 or key.user_id == key.chat_id]
        if self.topics is not None:
            tests.append(lambda key: (key.thread_id is not None) == self.topics)
        tests.append(lambda key: key.destiny in _DESTINIES)
        for test in tests:
            found = [key for key in found if test(key)] or found
        return found

    def _readings(self, text: str) -> Iterator[StateKey]:
        """Yield every key that ``DefaultKeyBuilder`` would write so; each part ends with a separator."""
        for bot_id, after_bot in self._numbers(text) if self.bot_id is None else [(self.bot_id, text)]:
            for business, after_business in self._businesses(after_bot):
                for chat_id, after_chat in self._numbers(after_business):
                    for thread_id, after_thread in [(None, after_chat), *self._threads(after_chat)]:
                        for user_id, rest in self._numbers(after_thread):
                            for destiny in self._destinies(rest):
                                yield StateKey(bot_id, chat_id, user_id, thread_id, business, destiny)

    def _numbers(self, text: str) -> Iterator[tuple[int, str]]:
        found = _NUMBER.match(text)
        if found and text.startswith(self.separator, found.end()):
            yield int(found[0]), text[found.end() + len(self.separator) :]

    def _threads(self, text: str) -> Iterator[tuple[int, str]]:
        return ((number, rest) for number, rest in self._numbers(text) if number > 0)

    def _businesses(self, text: str) -> Iterator[tuple[str | None, str]]:
        yield None, text
        end = text.find(self.separator, 1) if self.with_business_connection_id else -1
        while end > 0:
            yield text[:end], text[end + len(self.separator) :]
            end = text.find(self.separator, end + 1)

    def _destinies(self, rest: str) -> Iterator[str]:
        if self.with_destiny and rest.endswith(self.separator):
            yield rest[: -len(self.separator)]
        elif not self.with_destiny and not rest:
            yield "default"
