"""The tags of the document codec: values that JSON lacks, as dicts of one key, and back.

`botkeep.documents` says what a tag is. orjson asks `tag_of` for the values that it does not know itself;
`tag` walks the whole document in Python, so only where that is not enough.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import math
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from botkeep.errors import DocumentError

DEEPEST: Final = 240
"""Levels of nesting that a document may have: orjson writes 254, and a tag takes up to two of its own."""

_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None)})
_CONTAINERS: Final = frozenset({dict, list})
_INTEGERS: Final = range(-(2**63), 2**64)
_DECIMAL_BITS: Final = 2000
_ZONE: Final = re.compile(r"(.*)\[(.+)\]")
_NAME: Final = re.compile(r"[^\W\d]\w*")


def is_plain(document: Any) -> bool:
    """Whether orjson writes this value, with the help of `tag_of`, as the codec wants it."""
    pending = [document]
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind in _AS_THEY_ARE or kind in _WRITERS:
            continue
        if kind is dict and not _looks_like_a_tag(value):
            pending.extend(value.values())
        elif kind is list or kind is tuple:
            pending.extend(value)
        elif kind is not float or not math.isfinite(value):
            return False
    return True


def tag_of(value: Any) -> Any:
    """Return the tag for one value, as orjson's ``default``.

    Raises:
        Exception: of any kind: only a walk can write this value, or tell where it is and what is wrong.
    """
    return _WRITERS[type(value)](value, "")


def _looks_like_a_tag(value: Mapping[Any, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")


def tag(value: Any) -> Any:
    """Return a tree that orjson writes faithfully.

    Raises:
        DocumentError: something in it cannot be stored.
    """
    try:
        return _Tagger().value(value, "", 0)
    except RecursionError as exc:
        raise DocumentError("", "nested too deeply for the stack of this call") from exc


class _Tagger:
    """One walk through one value; knows the path to where it is and the containers it is inside of."""

    def __init__(self) -> None:
        self._inside: set[int] = set()

    def value(self, value: Any, path: str, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return _text(value, path)
        if kind in _AS_THEY_ARE and (kind is not int or value in _INTEGERS):
            return value
        if isinstance(value, enum.Enum):
            return self.value(value.value, path, depth)
        for base, write in _SCALARS:
            if isinstance(value, base):
                return write(value, path)
        return self._container(value, path, depth)

    def _container(self, value: Any, path: str, depth: int) -> Any:
        if depth >= DEEPEST:
            raise DocumentError(path, f"nested too deeply: {DEEPEST} levels are allowed")
        if id(value) in self._inside:
            raise DocumentError(path, "circular: the value contains itself")
        self._inside.add(id(value))
        try:
            return self._children(value, path, depth + 1)
        finally:
            self._inside.discard(id(value))

    def _children(self, value: Any, path: str, depth: int) -> Any:
        if isinstance(value, (list, tuple)):
            return [self.value(item, f"{path}[{at}]", depth) for at, item in enumerate(value)]
        if isinstance(value, (set, frozenset)):
            return self._set(value, f"{path}{{...}}", depth)
        if isinstance(value, dict):
            return self._mapping(value, path, depth)
        fields = _fields(value)
        if fields is None:
            raise DocumentError(path, _complaint(value))
        if isinstance(fields, (list, dict)):
            return self._children(fields, path, depth)
        return self.value(fields, path, depth)

    def _set(self, value: AbstractSet[Any], path: str, depth: int) -> dict[str, Any]:
        items = [self.value(item, path, depth) for item in _settled(value)]
        if not all(_fits_into_a_set(item) for item in items):
            raise DocumentError(path, "comes back as a dict, which a set cannot hold; store a list of them")
        return {_set_name(value): items}

    def _mapping(self, value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
        tagged: dict[str, Any] = {}
        for key, item in value.items():
            name = _key(key, path)
            if name in tagged:
                raise DocumentError(path, f"two keys of this dict both become the string {name!r}")
            tagged[name] = self.value(item, _child(path, name), depth)
        return {"$dict": tagged} if _looks_like_a_tag(tagged) else tagged


def _settled(value: AbstractSet[Any]) -> list[Any]:
    """A set has no order of its own; a settled one keeps the bytes of equal sets alike."""
    return sorted(value, key=repr)


def _set_name(value: AbstractSet[Any]) -> str:
    return "$set" if isinstance(value, set) else "$frozenset"


def _fits_into_a_set(tagged: Any) -> bool:
    if isinstance(tagged, list):
        return all(_fits_into_a_set(item) for item in tagged)
    return not isinstance(tagged, dict) or (_looks_like_a_tag(tagged) and "$dict" not in tagged)


def _child(path: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        return f"{path}[{name!r}]"
    return f"{path}.{name}" if path else name


def _key(key: Any, path: str) -> str:
    """The string that a dict key becomes: as JSON writes it, or as the value prints itself."""
    if isinstance(key, enum.Enum):
        key = key.value
    if isinstance(key, str):
        return _text(key, path)
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, (int, UUID, Decimal, date)):
        return str(key)
    if isinstance(key, float) and math.isfinite(key):
        return repr(float(key))
    raise DocumentError(path, f"a dict key must be a string or a simple value, not {key!r}")


def _text(value: str, path: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise DocumentError(
            path, f"text with a lone surrogate at position {exc.start} is not Unicode"
        ) from exc
    return str(value)


def _integer(value: int, path: str) -> Any:  # noqa: ARG001 # all scalar writers take a path
    if value in _INTEGERS:
        return int(value)
    # Python refuses to read or write longer numbers in decimal (sys.set_int_max_str_digits).
    return {"$int": str(int(value)) if value.bit_length() <= _DECIMAL_BITS else hex(value)}


def _float(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise DocumentError(path, f"{value!r} has no place in JSON; store None or a string")
    return float(value)


def _decimal(value: Decimal, path: str) -> dict[str, str]:
    if not value.is_finite():
        raise DocumentError(path, f"{value!r} is not a finite number; store None or a string")
    return {"$decimal": str(value)}


def _moment(name: str) -> Callable[[Any, str], dict[str, str]]:
    """Write ISO 8601, and the zone's name behind it as RFC 9557 does: ``...+01:00[Europe/Berlin]``."""

    def write(value: Any, path: str) -> dict[str, str]:  # noqa: ARG001 # all scalar writers take a path
        zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
        return {name: f"{value.isoformat()}[{zone}]" if zone else value.isoformat()}

    return write


# In order: a datetime is a date, a bool an int.
_SCALARS: Final[list[tuple[type, Callable[[Any, str], Any]]]] = [
    (str, _text),
    (bool, lambda value, _: value),
    (int, _integer),
    (float, _float),
    (datetime, _moment("$datetime")),
    (date, lambda value, _: {"$date": value.isoformat()}),
    (time, _moment("$time")),
    (timedelta, lambda value, _: {"$timedelta": [value.days, value.seconds, value.microseconds]}),
    (bytes, lambda value, _: {"$bytes": base64.b64encode(value).decode()}),
    (UUID, lambda value, _: {"$uuid": str(value)}),
    (Decimal, _decimal),
]


def _simple_set(value: AbstractSet[Any], path: str) -> dict[str, Any]:
    if not all(type(item) in _AS_THEY_ARE for item in value):
        raise DocumentError(path, "the items of this set need tags themselves")
    return {_set_name(value): _settled(value)}


_ORJSONS_OWN: Final = frozenset({str, bool, int, float, UUID})
_WRITERS: Final[dict[type, Callable[[Any, str], Any]]] = {
    **{kind: write for kind, write in _SCALARS if kind not in _ORJSONS_OWN},
    set: _simple_set,
    frozenset: _simple_set,
}


def _fields(value: Any) -> Any:
    """What a dataclass, a msgspec Struct or a pydantic model holds, most often a dict; None for others."""
    kind = type(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    if hasattr(kind, "__struct_config__"):
        return _struct_fields(value)
    if hasattr(kind, "__pydantic_validator__") and hasattr(kind, "model_dump"):
        return value.model_dump(by_alias=True)
    return None


def _struct_fields(value: Any) -> Any:
    config = value.__struct_config__
    values = [getattr(value, name) for name in value.__struct_fields__]
    if config.array_like:
        return [config.tag, *values] if config.tag is not None else values
    fields = dict(zip(value.__struct_encode_fields__, values, strict=True))
    return {config.tag_field: config.tag, **fields} if config.tag is not None else fields


def _complaint(value: Any) -> str:
    kind = type(value).__qualname__
    if hasattr(type(value), "__await__"):
        return f"a {kind} was given where its result belongs: is an await missing?"
    return (
        f"a {kind} cannot be stored; use None, bool, int, float, str, list, dict, datetime, date, time, "
        "timedelta, set, frozenset, bytes, UUID, Decimal, an Enum, a dataclass, a Struct or a pydantic model"
    )


def untag(value: Any) -> Any:
    """Return the value with its tags turned back into what they stand for.

    Raises:
        ValueError: an unknown tag, or one with the wrong content.
    """
    if type(value) is list:
        return [untag(item) if type(item) in _CONTAINERS else item for item in value]
    if type(value) is not dict:
        return value
    if not _looks_like_a_tag(value):
        return {name: untag(item) if type(item) in _CONTAINERS else item for name, item in value.items()}
    ((name, content),) = value.items()
    if name not in _READERS:
        raise ValueError(f"unknown tag {name!r}: was it written by a newer version of Botkeep?")
    return _READERS[name](content)


def _hashable(value: Any) -> Any:
    """A tuple inside a set was written as a list, which no set can hold: a tuple it is again."""
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


def _zoned(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def zoned(text: str) -> Any:
        named = _ZONE.fullmatch(text)
        if named is None:
            return read(text)
        moment = read(named[1])
        local = moment.replace(tzinfo=ZoneInfo(named[2]))
        # The hour that clocks repeat in autumn: the offset says which of the two it was.
        return local if local.utcoffset() == moment.utcoffset() else local.replace(fold=1)

    return zoned


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "$int": lambda text: int(text, 0),
    "$datetime": _zoned(datetime.fromisoformat),
    "$date": date.fromisoformat,
    "$time": _zoned(time.fromisoformat),
    "$timedelta": lambda parts: timedelta(*parts),
    "$set": lambda items: {_hashable(untag(item)) for item in items},
    "$frozenset": lambda items: frozenset(_hashable(untag(item)) for item in items),
    "$bytes": lambda text: base64.b64decode(text, validate=True),
    "$uuid": UUID,
    "$decimal": Decimal,
    "$dict": lambda fields: {name: untag(item) for name, item in fields.items()},
}
