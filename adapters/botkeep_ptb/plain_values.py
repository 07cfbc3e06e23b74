"""Values as readable documents, without pickle.

JSON has no tuples, no keys but strings and no messages, so these are written as a dict of one key that starts
with "@": ``{"@tuple": [1, 2]}``. A user's own dict that looks like one becomes ``{"@map": [[key, value]]}``.
"""

from __future__ import annotations

import enum
import logging
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import telegram

from botkeep import DocumentError
from botkeep_ptb.classes import find_class, reference_to
from botkeep_ptb.moments import pack_moment, unpack_moment
from botkeep_ptb.telegram_objects import fields_of, object_of

_log = logging.getLogger("botkeep.ptb")

_FACTORIES: Final = {kind.__name__: kind for kind in (list, dict, set, int, float, str, bool, tuple)}
"""What a `defaultdict` may be made with."""


class PlainValues:
    """Readable documents: plain data, the containers of `collections`, enums and the objects of `telegram`.

    Types are taken exactly: an instance of a subclass of ``dict`` or ``str``, say, is refused.
    """

    def pack(self, value: Any) -> Any:
        """As in `Values`."""
        try:
            return _pack(value, "")
        except RecursionError as exc:
            raise DocumentError("", "the value contains itself, or is nested too deeply") from exc

    def unpack(self, document: Any, bot: telegram.Bot) -> Any:
        """As in `Values`."""
        return _unpack(document, bot)


def _pack(value: Any, path: str) -> Any:
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value, path)
    for kind, write in _FAMILIES:
        if isinstance(value, kind):
            return write(value, path)
    raise _refusal(value, path)


def _refusal(value: Any, path: str) -> DocumentError:
    hint = "keep plain data instead, or ask for BotkeepPersistence(..., values=PickledValues())"
    return DocumentError(path, f"a {type(value).__qualname__} cannot be kept without pickle; {hint}")


def _pack_items(values: Iterable[Any], path: str) -> list[Any]:
    return [_pack(value, f"{path}[{at}]") for at, value in enumerate(values)]


def _pack_set(values: Iterable[Any], path: str) -> list[Any]:
    # A set has no order of its own; a settled one keeps the documents of equal sets alike.
    return _pack_items(sorted(values, key=repr), path)


def _pack_dict(value: dict[Any, Any], path: str) -> Any:
    plain = all(type(key) is str for key in value)
    if plain and not (len(value) == 1 and next(iter(value)).startswith("@")):
        return {key: _pack(item, f"{path}.{key}" if path else key) for key, item in value.items()}
    return {"@map": _pack_pairs(value, path)}


def _pack_pairs(value: dict[Any, Any], path: str) -> list[Any]:
    return [[_pack(key, path), _pack(item, f"{path}[{key!r}]")] for key, item in value.items()]


def _pack_defaultdict(value: defaultdict[Any, Any], path: str) -> Any:
    factory = value.default_factory
    name = None if factory is None else getattr(factory, "__name__", "")
    if factory is not None and _FACTORIES.get(str(name)) is not factory:
        known = ", ".join(_FACTORIES)
        raise DocumentError(
            path, f"a defaultdict of {factory!r} cannot be kept without pickle; known are {known}"
        )
    return {"@defaultdict": [name, _pack_pairs(value, path)]}


def _pack_enum(value: enum.Enum, path: str) -> Any:
    reference = reference_to(type(value))
    if reference is None:
        reason = "cannot be found again by its name; define it at the top of a module"
        raise DocumentError(path, f"the class of {value!r} {reason}")
    return {"@enum": [*reference, value.name, _pack(value.value, path)]}


def _pack_tuple_subclass(value: Any, path: str) -> Any:
    kind = type(value)
    reference = (
        reference_to(kind) if hasattr(kind, "_fields") and not getattr(value, "__dict__", None) else None
    )
    if reference is None:
        raise _refusal(value, path)
    fields = {name: _pack(item, f"{path}.{name}") for name, item in zip(kind._fields, value, strict=True)}
    return {"@namedtuple": [*reference, fields]}


def _pack_telegram_object(value: telegram.TelegramObject, path: str) -> Any:
    fields = fields_of(value)
    if fields is None:
        raise _refusal(value, path)
    return {"@telegram": [type(value).__name__, _pack_dict(fields, path)]}


def _as_it_is(value: Any, path: str) -> Any:  # noqa: ARG001 # all writers take a path
    return value


_WRITERS: Final[dict[type, Callable[[Any, str], Any]]] = {
    **dict.fromkeys((str, bool, int, float, bytes, date, timedelta, Decimal, UUID, type(None)), _as_it_is),
    datetime: pack_moment,
    time: pack_moment,
    list: _pack_items,
    dict: _pack_dict,
    tuple: lambda value, path: {"@tuple": _pack_items(value, path)},
    set: lambda value, path: {"@set": _pack_set(value, path)},
    frozenset: lambda value, path: {"@frozenset": _pack_set(value, path)},
    deque: lambda value, path: {"@deque": [_pack_items(value, path), value.maxlen]},
    OrderedDict: lambda value, path: {"@ordereddict": _pack_pairs(value, path)},
    Counter: lambda value, path: {"@counter": _pack_pairs(value, path)},
    defaultdict: _pack_defaultdict,
}

_FAMILIES: Final[list[tuple[type, Callable[[Any, str], Any]]]] = [
    (enum.Enum, _pack_enum),
    (telegram.Bot, lambda value, path: {"@bot": None}),  # noqa: ARG005 # all writers take a path
    (telegram.TelegramObject, _pack_telegram_object),
    (tuple, _pack_tuple_subclass),
]


def _unpack(document: Any, bot: telegram.Bot) -> Any:
    if isinstance(document, list):
        return [_unpack(item, bot) for item in document]
    if not isinstance(document, dict):
        return document
    if len(document) == 1:
        ((name, content),) = document.items()
        if name in _READERS:
            return _READERS[name](content, bot)
    return {key: _unpack(item, bot) for key, item in document.items()}


def _unpack_pairs(pairs: Any, bot: telegram.Bot) -> Iterable[tuple[Any, Any]]:
    return ((_unpack(key, bot), _unpack(item, bot)) for key, item in pairs)


def _unpack_defaultdict(content: Any, bot: telegram.Bot) -> Any:
    name, pairs = content
    factory: Any = None if name is None else _FACTORIES[name]
    return defaultdict(factory, _unpack_pairs(pairs, bot))


def _unpack_telegram_object(content: Any, bot: telegram.Bot) -> Any:
    name, fields = content
    return object_of(name, _unpack(fields, bot), bot)


def _unpack_enum(content: Any, bot: telegram.Bot) -> Any:
    module, qualified_name, name, packed = content
    value = _unpack(packed, bot)

    def member(kind: type) -> enum.Enum | None:
        if not issubclass(kind, enum.Enum):
            return None
        if name in kind.__members__:
            return kind[name]
        try:
            return kind(value)
        except ValueError:
            return None

    kind = find_class(module, qualified_name, lambda found: member(found) is not None)
    if kind is not None:
        return member(kind)
    _log.warning(
        "%s.%s has no member %r, or is not imported; %r is used", module, qualified_name, name, value
    )
    return value


def _unpack_named_tuple(content: Any, bot: telegram.Bot) -> Any:
    module, qualified_name, packed = content
    fields = {name: _unpack(item, bot) for name, item in packed.items()}

    def fits(kind: type) -> bool:
        return issubclass(kind, tuple) and set(fields) <= set(getattr(kind, "_fields", ()))

    kind = find_class(module, qualified_name, fits)
    if kind is not None:
        return kind(**fields)
    _log.warning("%s.%s has other fields, or is not imported; a tuple is used", module, qualified_name)
    return tuple(fields.values())


_READERS: Final[dict[str, Callable[[Any, telegram.Bot], Any]]] = {
    "@bot": lambda _, bot: bot,
    "@counter": lambda content, bot: Counter(dict(_unpack_pairs(content, bot))),
    "@datetime": lambda content, _: unpack_moment(datetime, content),
    "@defaultdict": _unpack_defaultdict,
    "@deque": lambda content, bot: deque(_unpack(content[0], bot), content[1]),
    "@enum": _unpack_enum,
    "@frozenset": lambda content, bot: frozenset(_unpack(content, bot)),
    "@map": lambda content, bot: dict(_unpack_pairs(content, bot)),
    "@namedtuple": _unpack_named_tuple,
    "@ordereddict": lambda content, bot: OrderedDict(_unpack_pairs(content, bot)),
    "@set": lambda content, bot: set(_unpack(content, bot)),
    "@telegram": _unpack_telegram_object,
    "@time": lambda content, _: unpack_moment(time, content),
    "@tuple": lambda content, bot: tuple(_unpack(content, bot)),
}
