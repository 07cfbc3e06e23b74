"""Dataclasses as plain dicts, and back: checked first, then put in place.

What comes from outside never leaves an object half replaced: the ``replace_...`` functions convert everything
before they touch what is there, and then change it in place, so that whoever holds it sees the new content.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSequence, MutableSet
from typing import Any, Final, NamedTuple, TypeVar, get_args

from botkeep import documents
from botkeep.errors import DocumentError
from botkeep.objects.plain import EXCLUDED, hints_of, inside, is_dataclass, plain

T = TypeVar("T")
K = TypeVar("K")

exclude: Final[Mapping[str, bool]] = types.MappingProxyType({EXCLUDED: True})
"""Metadata of a dataclass field that `to_dict` leaves out and `replace_dataclass` leaves alone::

    camera: Camera = field(default_factory=Camera, metadata=exclude)
"""


def to_dict(obj: Any) -> Any:
    """Return a dataclass, or dicts and lists of them, as what JSON knows: dicts, lists, text, numbers.

    Tuples and sets become lists; dates and times ISO 8601 text, an Enum its value, UUID and Decimal text,
    bytes base64: `from_dict` reads them back. Fields marked with `exclude` are left out. Keys of dicts stay.

    Raises:
        DocumentError: something else is in there, or `from_dict` could not read the dataclass back: a value
            is not of its field's type, or the type is one that cannot be told from others. The error names
            the path to it.
    """
    try:
        return plain(obj)
    except RecursionError as exc:
        raise DocumentError("", "nested too deeply, or the value contains itself") from exc


def from_dict(cls: type[T], data: Any) -> T:
    """Return an instance of a dataclass (or of any type that msgspec knows), checked field by field.

    Nested dataclasses, ``list[X]``, ``dict[int, X]``, ``X | None`` and the like are converted; missing fields
    get their defaults, unknown keys are ignored. Unions of several dataclasses cannot be told apart.

    Raises:
        DocumentError: a field is missing or has the wrong type; the error names it.
    """
    return documents.convert(data, cls)


def replace_dict(old: dict[K, T], cls: type[T], new: Mapping[K, Any]) -> None:
    """Replace the content of a dict by the items of another, each converted by `from_dict`.

    Raises:
        DocumentError: an item does not fit; ``old`` is as it was.
        TypeError: one of them is something else; ``old`` is as it was.
    """
    _check_kind(old, MutableMapping, "dict")
    _check_kind(new, Mapping, "mapping")
    converted = {}
    for key, item in new.items():
        with inside(f"[{key!r}]"):
            converted[key] = from_dict(cls, item)
    old.clear()
    old.update(converted)


def replace_list(old: list[T], cls: type[T], new: Iterable[Any]) -> None:
    """Replace the content of a list by that of another, each item converted by `from_dict`.

    Raises:
        DocumentError: an item does not fit; ``old`` is as it was.
        TypeError: one of them is something else; ``old`` is as it was.
    """
    _check_kind(old, MutableSequence, "list")
    old[:] = _converted(cls, new)


def replace_set(old: set[T], cls: type[T], new: Iterable[Any]) -> None:
    """Replace the content of a set by that of a list (or any iterable), each item converted by `from_dict`.

    Raises:
        DocumentError: an item does not fit; ``old`` is as it was.
        TypeError: one of them is something else, or the items are not hashable; ``old`` is as it was.
    """
    _check_kind(old, MutableSet, "set")
    converted = set(_converted(cls, new))
    old.clear()
    old.update(converted)


def replace_dataclass(obj: Any, data: Mapping[str, Any]) -> None:
    """Replace the fields of a dataclass by the values of a dict, nested dataclasses in place.

    A field that is missing gets its default; one that is marked with `exclude` stays as it is then.

    Raises:
        DocumentError: a value does not fit, or is missing and has no default; ``obj`` is as it was.
        FrozenInstanceError: the dataclass is frozen.
        TypeError: ``obj`` is no dataclass, or ``data`` no mapping.
    """
    if not is_dataclass(obj):
        raise TypeError(f"expected an instance of a dataclass, not {obj!r}")
    _check_kind(data, Mapping, "mapping")
    if _is_frozen(obj):
        raise dataclasses.FrozenInstanceError(
            f"{type(obj).__name__} is frozen: make a new one by from_dict()"
        )
    for assignment in list(_assignments(obj, data)):
        setattr(*assignment)


class _Assignment(NamedTuple):
    obj: Any
    name: str
    value: Any


def _assignments(obj: Any, data: Mapping[str, Any]) -> Iterator[_Assignment]:
    cls: Any = type(obj)
    hints = hints_of(cls)
    for field in dataclasses.fields(obj):
        name, kind = field.name, hints[field.name]
        old = getattr(obj, name, None)
        with inside(name):
            if name not in data:
                if not field.metadata.get(EXCLUDED):
                    yield _Assignment(obj, name, _default(field))
            elif _goes_oninside(old, kind, data[name]):
                yield from _assignments(old, data[name])
            else:
                yield _Assignment(obj, name, documents.convert(data[name], kind))


def _goes_oninside(old: Any, kind: Any, new: Any) -> bool:
    """Whether a field holds a dataclass of its own type, so that the new values go into that one."""
    if not is_dataclass(old) or _is_frozen(old) or not isinstance(new, Mapping):
        return False
    return type(old) is kind or type(old) in get_args(kind)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    raise DocumentError("", "is missing, and has no default")


def _check_kind(value: object, kind: type, name: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"expected a {name}, not {value!r}")


def _is_frozen(obj: Any) -> bool:
    return bool(type(obj).__dataclass_params__.frozen)


def _converted(cls: type[T], items: Iterable[Any]) -> list[T]:
    return documents.convert(list(items), list[cls])  # type: ignore[valid-type] # a type known at run time only
