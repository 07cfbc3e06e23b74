"""Dataclasses as plain dicts, and back: checked first, then put in place.

What comes from outside never leaves an object half replaced: the ``replace_...`` functions convert everything
before they touch what is there, and then change it in place, so that whoever holds it sees the new content.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_type_hints

import msgspec

from botkeep import documents
from botkeep.errors import DocumentError

T = TypeVar("T")
K = TypeVar("K")

_EXCLUDED: Final = "botkeep.excluded"

exclude: Final[Mapping[str, bool]] = types.MappingProxyType({_EXCLUDED: True})
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
        return _plain(obj, "")
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
    """
    converted = {}
    for key, item in new.items():
        with _inside(f"[{key!r}]"):
            converted[key] = from_dict(cls, item)
    old.clear()
    old.update(converted)


def replace_list(old: list[T], cls: type[T], new: Iterable[Any]) -> None:
    """Replace the content of a list by that of another, each item converted by `from_dict`.

    Raises:
        DocumentError: an item does not fit; ``old`` is as it was.
    """
    old[:] = _converted(cls, new)


def replace_set(old: set[T], cls: type[T], new: Iterable[Any]) -> None:
    """Replace the content of a set by that of a list (or any iterable), each item converted by `from_dict`.

    Raises:
        DocumentError: an item does not fit; ``old`` is as it was.
        TypeError: the items are not hashable; ``old`` is as it was.
    """
    converted = set(_converted(cls, new))
    old.clear()
    old.update(converted)


def replace_dataclass(obj: Any, data: Mapping[str, Any]) -> None:
    """Replace the fields of a dataclass by the values of a dict, nested dataclasses in place.

    A field that is missing gets its default; one that is marked with `exclude` stays as it is then.

    Raises:
        DocumentError: a value does not fit, or is missing and has no default; ``obj`` is as it was.
        FrozenInstanceError: the dataclass is frozen.
    """
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
    hints = _hints(cls)
    for field in dataclasses.fields(obj):
        name, kind = field.name, hints[field.name]
        old = getattr(obj, name, None)
        with _inside(name):
            if name not in data:
                if not field.metadata.get(_EXCLUDED):
                    yield _Assignment(obj, name, _default(field))
            elif _goes_on_inside(old, kind, data[name]):
                yield from _assignments(old, data[name])
            else:
                yield _Assignment(obj, name, documents.convert(data[name], kind))


def _goes_on_inside(old: Any, kind: Any, new: Any) -> bool:
    """Whether a field holds a dataclass of its own type, so that the new values go into that one."""
    if not _is_dataclass(old) or _is_frozen(old) or not isinstance(new, Mapping):
        return False
    return type(old) is kind or type(old) in get_args(kind)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    raise DocumentError("", "is missing, and has no default")


@lru_cache(maxsize=256)
def _hints(cls: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields.

    Raises:
        DocumentError: a type is imported for type checkers only, or a value is wanted that no field keeps.
    """
    try:
        hints = get_type_hints(cls)
    except Exception as exc:
        reason = f"the types of {cls.__name__} are not known when the program runs: {exc}"
        raise DocumentError("", f"{reason}; import them outside of TYPE_CHECKING") from exc
    for name, hint in hints.items():
        if isinstance(hint, dataclasses.InitVar):
            raise DocumentError(
                name, f"{cls.__name__} wants an InitVar, which no field keeps; make it a field"
            )
    return hints


def _is_dataclass(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _is_frozen(obj: Any) -> bool:
    return bool(type(obj).__dataclass_params__.frozen)


def _converted(cls: type[T], items: Iterable[Any]) -> list[T]:
    return documents.convert(list(items), list[cls])  # type: ignore[valid-type] # a type known at run time only


@contextmanager
def _inside(place: str) -> Iterator[None]:
    """Put the place in front of the path that an error names."""
    try:
        yield
    except DocumentError as exc:
        link = "." if place and exc.path and not exc.path.startswith("[") else ""
        raise DocumentError(f"{place}{link}{exc.path}", exc.reason) from exc


def _plain(value: Any, path: str) -> Any:
    if _is_dataclass(value):
        return _plain_fields(value, path)
    if isinstance(value, dict):
        return {key: _plain(item, f"{path}[{key!r}]") for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        # A set has no order of its own; a settled one keeps what is written for equal sets alike.
        value = sorted(value, key=repr)
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{at}]") for at, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise DocumentError(path, f"{value!r} has no place in JSON; use None")
    try:
        return _scalar(value)
    except TypeError as exc:
        raise DocumentError(path, f"a {type(value).__qualname__} has no form in JSON") from exc


def _plain_fields(obj: Any, path: str) -> dict[str, Any]:
    plain = {
        field.name: _plain(getattr(obj, field.name), f"{path}.{field.name}" if path else field.name)
        for field in dataclasses.fields(obj)
        if not field.metadata.get(_EXCLUDED)
    }
    with _inside(path):
        _check_readable(type(obj), plain)
    return plain


def _check_readable(cls: type, plain: dict[str, Any]) -> None:
    hints = _hints(cls)
    for name, value in plain.items():
        with _inside(name):
            try:
                documents.convert(value, hints[name])
            except DocumentError as exc:
                # Fields marked with `exclude` are left out on purpose.
                if "missing required field" not in exc.reason:
                    raise


def _scalar(value: Any) -> Any:
    if not isinstance(value, enum.Enum):
        for base in (bool, str, int, float):
            # Also a subclass, such as numpy's float64.
            if isinstance(value, base):
                return base(value)
    return msgspec.to_builtins(value)
