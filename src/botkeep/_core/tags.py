"""The tags of the document codec: values that JSON lacks, as dicts of one key, and back.

`botkeep.documents` says what a tag is. Here is what one value becomes; `botkeep._core.trees` walks through
whole documents.
"""

from __future__ import annotations

import base64
import enum
import math
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from botkeep.errors import DocumentError

PLAIN: Final = frozenset({str, int, bool, type(None)})
"""Types that JSON has, or orjson refuses where they are out of its range."""

SETS: Final = frozenset({"$set", "$frozenset"})

_INTEGERS: Final = range(-(2**63), 2**64)
_DECIMAL_BITS: Final = 2000
_MOMENT: Final = re.compile(r"([^\[]*)(?:\[([^\]=]+)\])?(\[_fold=1\])?")
_FOLD: Final = "[_fold=1]"


def looks_like_a_tag(value: Mapping[str, Any]) -> bool:
    """Whether this is a dict of one key that begins with "$"."""
    return len(value) == 1 and next(iter(value)).startswith("$")


def tag_of(value: Any) -> Any:
    """Return what stands for one value that orjson does not know, as its ``default``.

    Raises:
        Exception: of any kind: only a walk can write this value, or tell where it is and what is wrong.
    """
    write = WRITERS.get(type(value))
    if write is None:  # a subclass, such as pyrogram's Str
        write = next(write for kind, write in _SCALARS[:4] if isinstance(value, kind))
    return write(value)


def scalar(value: Any) -> Any:
    """Return what is written for a value that holds no others; NotImplemented for all others.

    Raises:
        DocumentError: this value cannot be stored.
    """
    if value is None:
        return None
    for kind, write in _SCALARS:
        if isinstance(value, kind):
            return write(value)
    return NotImplemented


def key_name(key: Any) -> str:
    """Return the string that a dict key becomes: as JSON writes it, or as the value prints itself.

    Raises:
        DocumentError: it is no simple value.
    """
    if isinstance(key, enum.Enum):
        key = key.value
    if isinstance(key, str):
        return _text(key)
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, (int, UUID, Decimal, date)):
        return _printed(key)
    if isinstance(key, float) and math.isfinite(key):
        return repr(float(key))
    raise DocumentError("", f"a dict key must be a string or a simple value, not {_shown(key)}")


def set_name(value: AbstractSet[Any]) -> str:
    """Return the tag of a set."""
    return "$set" if isinstance(value, set) else "$frozenset"


def read(tag: Mapping[str, Any]) -> Any:
    """Return the value that a tag stands for; what it holds was read before.

    Raises:
        ValueError: the tag is unknown.
        Exception: of any kind: its content is damaged.
    """
    ((name, content),) = tag.items()
    if name not in _READERS:
        raise ValueError(f"unknown tag {name!r}: was it written by a newer version of Botkeep?")
    return _READERS[name](content)


def _printed(key: Any) -> str:
    try:
        return str(key)
    except ValueError as exc:  # an int of more digits than Python prints
        raise DocumentError("", f"a dict key is too long to print: {exc}") from exc


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 # a tuple may be too deep to show, or an object's repr broken
        return f"a {type(value).__qualname__}"


# The base's own methods: a subclass may print itself otherwise.


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as exc:
            reason = f"text with a lone surrogate at position {exc.start} is not Unicode"
            raise DocumentError("", reason) from exc
    return str.__str__(value)


def _integer(value: int) -> Any:
    value = int.__int__(value)
    if value in _INTEGERS:
        return value
    # Python refuses to read or write longer numbers in decimal (sys.set_int_max_str_digits).
    return {"$int": str(value) if value.bit_length() <= _DECIMAL_BITS else hex(value)}


def _float(value: float) -> float:
    if not math.isfinite(value):
        raise DocumentError("", f"{float.__repr__(value)} has no place in JSON; store None or a string")
    return float.__float__(value)


def _decimal(value: Decimal) -> dict[str, str]:
    if not value.is_finite():
        raise DocumentError("", f"{value!r} is not a finite number; store None or a string")
    return {"$decimal": str(value)}


def _datetime(value: datetime) -> dict[str, str]:
    return {"$datetime": datetime.isoformat(value) + _zone(value)}


def _time(value: time) -> dict[str, str]:
    return {"$time": time.isoformat(value) + _zone(value)}


def _zone(moment: datetime | time) -> str:
    """Return what ISO 8601 leaves out: the zone's name as in RFC 9557, and which of two equal hours it is."""
    zone = moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else None
    if moment.tzinfo is not None and zone is None and moment.utcoffset() is None:
        raise DocumentError(
            "", f"the time zone {moment.tzinfo!r} has neither a name nor an offset to be kept"
        )
    name = f"[{zone}]" if zone else ""
    offset_tells = zone is not None and moment.replace(fold=0).utcoffset() != moment.utcoffset()
    return name + (_FOLD if moment.fold and not offset_tells else "")


_SCALARS: Final[list[tuple[type, Callable[[Any], Any]]]] = [
    # In order: a datetime is a date, a bool an int.
    (str, _text),
    (bool, bool),
    (int, _integer),
    (float, _float),
    (datetime, _datetime),
    (date, lambda value: {"$date": date.isoformat(value)}),
    (time, _time),
    (timedelta, lambda value: {"$timedelta": [value.days, value.seconds, value.microseconds]}),
    (bytes, lambda value: {"$bytes": base64.b64encode(value).decode()}),
    (UUID, lambda value: {"$uuid": str(value)}),
    (Decimal, _decimal),
]


def _simple_set(value: AbstractSet[Any]) -> dict[str, Any]:
    if not all(type(item) in PLAIN for item in value):
        raise DocumentError("", "the items of this set need tags themselves")
    # A set has no order of its own; a settled one keeps the bytes of equal sets alike.
    return {set_name(value): sorted(value, key=repr)}


_ORJSONS_OWN: Final = frozenset({str, bool, int, float, UUID})
WRITERS: Final[dict[type, Callable[[Any], Any]]] = {
    **{kind: write for kind, write in _SCALARS if kind not in _ORJSONS_OWN},
    set: _simple_set,
    frozenset: _simple_set,
}
"""What orjson asks for, by the exact type."""


def _items(content: Any) -> Iterator[Any]:
    if type(content) is not list:
        raise ValueError(f"{content!r} is no list of a set's items")
    return map(_hashable, content)


def _hashable(value: Any) -> Any:
    """A tuple inside a set was written as a list, which no set can hold: a tuple it is again."""
    return tuple(map(_hashable, value)) if type(value) is list else value


def _moment(kind: type[datetime | time]) -> Callable[[str], Any]:
    def read_moment(text: str) -> Any:
        if not text.endswith("]"):
            return kind.fromisoformat(text)
        parts = _MOMENT.fullmatch(text)
        if parts is None:
            raise ValueError(f"{text!r} is no {kind.__name__}")
        iso, zone, fold = parts.groups()
        moment: Any = kind.fromisoformat(iso)
        if zone:
            local = moment.replace(tzinfo=ZoneInfo(zone))
            # The hour that clocks repeat in autumn: the offset says which of the two it was.
            moment = local if local.utcoffset() == moment.utcoffset() else local.replace(fold=1)
        return moment.replace(fold=1) if fold else moment

    return read_moment


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "$int": lambda text: int(text, 0),
    "$datetime": _moment(datetime),
    "$date": date.fromisoformat,
    "$time": _moment(time),
    "$timedelta": lambda parts: timedelta(*parts),
    "$set": lambda items: set(_items(items)),
    "$frozenset": lambda items: frozenset(_items(items)),
    "$bytes": lambda text: base64.b64decode(text, validate=True),
    "$uuid": UUID,
    "$decimal": Decimal,
}
