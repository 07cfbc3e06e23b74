"""What python-telegram-bot keeps, as documents: tuples, any dict keys and Telegram objects come back intact.

JSON has no tuples, no keys but strings and no messages, so these are written as a dict of one key that starts
with "@": ``{"@tuple": [1, 2]}``. A user's own dict that looks like one becomes ``{"@map": [[key, value]]}``.
"""

from __future__ import annotations

import enum
import pickle
import sys
from collections.abc import Callable, Collection, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, Final, Protocol
from uuid import UUID

import telegram

from botkeep import DocumentError

_AS_THEY_ARE: Final = (str, bool, int, float, bytes, date, time, timedelta, Decimal, UUID, type(None))


_COLLECTIONS: Final[list[tuple[type[Collection[Any]], str]]] = [
    (list, ""),
    (tuple, "@tuple"),
    (set, "@set"),
    (frozenset, "@frozenset"),
]


class Values(Protocol):
    """Turns what a bot keeps into a document and back."""

    def pack(self, value: Any) -> Any:
        """Return a document.

        Raises:
            DocumentError: something in the value cannot be kept; the error names the path to it.
        """
        ...

    def unpack(self, document: Any, bot: telegram.Bot) -> Any:
        """Return the value; Telegram objects in it belong to ``bot``."""
        ...


class PlainValues:
    """Readable documents, without pickle: plain data, tuples, enums and the objects of `telegram`."""

    def pack(self, value: Any) -> Any:
        """See `Values`."""
        return _packed(value, "")

    def unpack(self, document: Any, bot: telegram.Bot) -> Any:
        """See `Values`."""
        return _unpacked(document, bot)


def _packed(value: Any, path: str) -> Any:
    if isinstance(value, enum.Enum):
        kind = type(value)
        return {"@enum": [kind.__module__, kind.__qualname__, value.name, _packed(value.value, path)]}
    if isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, telegram.Bot):
        return {"@bot": None}
    if isinstance(value, telegram.TelegramObject):
        return {"@telegram": [type(value).__name__, value.to_dict()]}
    if isinstance(value, Mapping):
        return _packed_mapping(value, path)
    for collection, name in _COLLECTIONS:
        if isinstance(value, collection):
            items = [_packed(item, f"{path}[{at}]") for at, item in enumerate(value)]
            return {name: items} if name else items
    hint = "keep plain data instead, or ask for BotkeepPersistence(..., values=PickledValues())"
    raise DocumentError(path, f"a {type(value).__qualname__} cannot be kept without pickle; {hint}")


def _packed_mapping(value: Mapping[Any, Any], path: str) -> Any:
    plain = all(type(key) is str for key in value)
    if plain and not (len(value) == 1 and next(iter(value)).startswith("@")):
        return {key: _packed(item, f"{path}.{key}" if path else key) for key, item in value.items()}
    pairs = [[_packed(key, path), _packed(item, f"{path}[{key!r}]")] for key, item in value.items()]
    return {"@map": pairs}


def _unpacked(document: Any, bot: telegram.Bot) -> Any:
    if isinstance(document, list):
        return [_unpacked(item, bot) for item in document]
    if not isinstance(document, dict):
        return document
    if len(document) == 1:
        ((name, content),) = document.items()
        if name in _READERS:
            return _READERS[name](content, bot)
    return {key: _unpacked(item, bot) for key, item in document.items()}


def _telegram_object(content: Any, bot: telegram.Bot) -> Any:
    name, fields = content
    kind = getattr(telegram, name, None)
    if not (isinstance(kind, type) and issubclass(kind, telegram.TelegramObject)):
        raise DocumentError("", f"python-telegram-bot {telegram.__version__} has no object named {name!r}")
    return kind.de_json(fields, bot)


def _enum_member(content: Any, bot: telegram.Bot) -> Any:
    module, qualified_name, name, value = content
    found: Any = sys.modules.get(module)
    for part in qualified_name.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, enum.Enum) and name in found.__members__:
        return found[name]
    # The class is gone from the program; its value is what is left.
    return _unpacked(value, bot)


def _items(document: Any, bot: telegram.Bot) -> list[Any]:
    return [_unpacked(item, bot) for item in document]


_READERS: Final[dict[str, Callable[[Any, telegram.Bot], Any]]] = {
    "@bot": lambda _, bot: bot,
    "@enum": _enum_member,
    "@frozenset": lambda content, bot: frozenset(_items(content, bot)),
    "@map": lambda content, bot: {_unpacked(key, bot): _unpacked(item, bot) for key, item in content},
    "@set": lambda content, bot: set(_items(content, bot)),
    "@telegram": _telegram_object,
    "@tuple": lambda content, bot: tuple(_items(content, bot)),
}


class PickledValues:
    """Any Python object, by pickle. Whoever can write to the storage can then run code in the bot.

    The bot itself is left out of what is pickled, as python-telegram-bot's own persistence leaves it out.
    """

    def pack(self, value: Any) -> Any:
        """See `Values`."""
        pickled = BytesIO()
        try:
            _Pickler(pickled, protocol=5).dump(value)
        except (pickle.PicklingError, AttributeError, TypeError) as exc:
            raise DocumentError("", f"cannot be pickled: {exc}") from exc
        return pickled.getvalue()

    def unpack(self, document: Any, bot: telegram.Bot) -> Any:
        """See `Values`; what `PlainValues` has written is read too."""
        if not isinstance(document, bytes):
            return _unpacked(document, bot)
        return _Unpickler(document, bot).load()


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> str | None:
        return "bot" if isinstance(value, telegram.Bot) or value is _Unpickler else None

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, telegram.TelegramObject):
            return NotImplemented
        # Its state comes without the bot; the marker in third place is replaced by the bot that reads it.
        return _restored, (type(value), value.__getstate__(), _Unpickler)


class _Unpickler(pickle.Unpickler):
    def __init__(self, pickled: bytes, bot: telegram.Bot) -> None:
        super().__init__(BytesIO(pickled))
        self._bot = bot

    def persistent_load(self, identifier: str) -> telegram.Bot:  # noqa: ARG002 # there is only one
        return self._bot


def _restored(
    kind: type[telegram.TelegramObject], state: dict[str, Any], bot: telegram.Bot
) -> telegram.TelegramObject:
    restored = kind.__new__(kind)
    restored.__setstate__(state)
    restored.set_bot(bot)
    return restored
