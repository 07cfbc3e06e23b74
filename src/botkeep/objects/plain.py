"""Dataclasses as what JSON knows: every field has a function, made once, that writes its values.

A value of exactly the type that its field wants is taken as it is. Any other is written by what it is itself,
and then read as the field's type, which tells whether `from_dict` could.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec

from botkeep import documents
from botkeep.errors import DocumentError

EXCLUDED: Final = "botkeep.excluded"
"""The key of a field's metadata that keeps it out."""

_Write: TypeAlias = Callable[[Any], Any]
_SCALARS: Final = (bool, str, int, float)
_UNIONS: Final = (Union, types.UnionType)


def plain(value: Any) -> Any:
    """Return a value as what JSON knows, by what it is.

    Raises:
        DocumentError: as for `botkeep.objects.to_dict`.
    """
    if is_dataclass(value):
        cls: Any = type(value)
        return _dataclass_of(cls).write(value)
    if isinstance(value, dict):
        return _write_dict(_ANY, value)
    if isinstance(value, (set, frozenset)):
        # A set has no order of its own; a settled one keeps what is written for equal sets alike.
        value = sorted(value, key=repr)
    if isinstance(value, (list, tuple)):
        return _write_list(_ANY, value)
    try:
        return _write_scalar(value)
    except TypeError as exc:
        raise DocumentError("", f"a {type(value).__qualname__} has no form in JSON") from exc


def is_dataclass(value: Any) -> bool:
    """Whether the value is an instance of a dataclass."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


@lru_cache(maxsize=256)
def hints_of(cls: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields.

    Raises:
        DocumentError: a type is imported for type checkers only, or a value is wanted that no field keeps.
    """
    try:
        hints = get_type_hints(cls, include_extras=True)
    except Exception as exc:
        reason = f"the types of {cls.__name__} are not known when the program runs: {exc}"
        raise DocumentError("", f"{reason}; import them outside of TYPE_CHECKING") from exc
    for name, hint in hints.items():
        if isinstance(hint, dataclasses.InitVar):
            raise DocumentError(
                name, f"{cls.__name__} wants an InitVar, which no field keeps; make it a field"
            )
    return hints


@contextmanager
def inside(place: str) -> Iterator[None]:
    """Put the place in front of the path that an error names."""
    try:
        yield
    except DocumentError as exc:
        raise _placed(place, exc) from exc


def _placed(place: str, error: DocumentError) -> DocumentError:
    link = "." if place and error.path and not error.path.startswith("[") else ""
    return DocumentError(f"{place}{link}{error.path}", error.reason)


class _Kind(NamedTuple):
    """What fields or items of one type may hold, and what writes it.

    Attributes:
        exact: the type of the values that fit for certain; but not each float does.
        write: writes them; None: they are written as they are.
        check: writes any other value, and reads it back.
    """

    exact: Any
    write: _Write | None
    check: _Write


class _Dataclass:
    """Writes the instances of one dataclass."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        self._write: _Write | None = None

    def write(self, obj: Any) -> Any:
        # Made at the first use, because a class may hold instances of itself.
        if (write := self._write) is None:
            write = self._write = _compiled(_fields_of(self._cls))
        return write(obj)


@lru_cache(maxsize=256)
def _dataclass_of(cls: type) -> _Dataclass:
    return _Dataclass(cls)


def _fields_of(cls: type) -> dict[str, _Kind]:
    """Return the kind of each field of a dataclass that is not marked with `exclude`."""
    hints: Any = hints_of(cls)
    return {
        field.name: _kind_of(hints[field.name])
        for field in dataclasses.fields(cls)
        if not field.metadata.get(EXCLUDED)
    }


def _compiled(fields: Mapping[str, _Kind]) -> _Write:
    """Return a function that writes these fields of an object, made as `dataclasses` makes its methods.

    A loop over the fields takes half as much time again.
    """
    scope: dict[str, Any] = {"DocumentError": DocumentError, "placed": _placed}
    steps, items = [], []
    for at, (name, kind) in enumerate(fields.items()):
        scope |= {f"exact_{at}": kind.exact, f"write_{at}": kind.write, f"check_{at}": kind.check}
        test = f"type(value) is exact_{at}" + (" and not value - value" if kind.exact is float else "")
        exactly = "value" if kind.write is None else f"write_{at}(value)"
        steps += [
            f"name, value = {name!r}, obj.{name}",
            f"value_{at} = {exactly} if {test} else check_{at}(value)",
        ]
        items.append(f"{name!r}: value_{at}")
    body = "\n        ".join([*steps, f"return {{{', '.join(items)}}}"])
    source = f"""
def write(obj):
    try:
        {body}
    except DocumentError as exc:
        raise placed(name, exc) from exc
"""
    exec(source, scope)  # noqa: S102 # names of fields are identifiers, and nothing else comes from outside
    write: _Write = scope["write"]
    return write


def _write_dict(kind: _Kind, items: dict[Any, Any]) -> dict[Any, Any]:
    exact, write, check = kind
    written, key = {}, None
    try:
        for key, item in items.items():
            if type(item) is not exact or (exact is float and item - item):
                written[key] = check(item)
            else:
                written[key] = item if write is None else write(item)
    except DocumentError as exc:
        raise _placed(f"[{key!r}]", exc) from exc
    return written


def _write_keyed(key_kind: type, kind: _Kind, items: dict[Any, Any]) -> dict[Any, Any]:
    for key in items:
        if type(key) is not key_kind:
            documents.convert({key: None}, dict[key_kind, None])  # type: ignore[valid-type] # known at run time
    return _write_dict(kind, items)


def _write_list(kind: _Kind, items: Iterable[Any]) -> list[Any]:
    exact, write, check = kind
    written: list[Any] = []
    try:
        for item in items:
            if type(item) is not exact or (exact is float and item - item):
                written.append(check(item))
            else:
                written.append(item if write is None else write(item))
    except DocumentError as exc:
        raise _placed(f"[{len(written)}]", exc) from exc
    return written


_ANY: Final = _Kind(str, None, plain)


def _write_scalar(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise DocumentError("", f"{value!r} has no place in JSON; use None")
    if not isinstance(value, enum.Enum):
        for kind in _SCALARS:
            # Also a subclass, such as numpy's float64.
            if isinstance(value, kind):
                return kind(value)
    return msgspec.to_builtins(value)


def _kind_of(hint: Any) -> _Kind:
    members = get_args(hint) if get_origin(hint) in _UNIONS else (hint,)
    exact = dict(map(_exact_writer, members))
    check = partial(_write_checked, hint)
    if None in exact or not _is_readable(hint):
        return _Kind(None, None, check)
    # A float is left to those who look whether it is finite.
    first = float if float in exact else next(iter(exact))
    if len(exact) == 1:
        return _Kind(first, exact[first], check)

    def write_other(value: Any) -> Any:
        write = check if type(value) is float else exact.get(type(value), check)
        return value if write is None else write(value)

    return _Kind(first, exact[first], write_other)


def _write_checked(hint: Any, value: Any) -> Any:
    written = plain(value)
    try:
        documents.convert(written, hint)
    except DocumentError as exc:
        # Fields marked with `exclude` are left out on purpose.
        if "missing required field" not in exc.reason:
            raise
    return written


def _is_readable(hint: Any) -> bool:
    try:
        msgspec.json.Decoder(hint)
    except Exception:  # noqa: BLE001 # what is wrong with it is told when a value is read back
        return False
    return True


def _exact_writer(hint: Any) -> tuple[Any, _Write | None]:
    """Return, as in `_Kind`, the type of the values that fit for certain, and what writes them."""
    origin, members = get_origin(hint), get_args(hint)
    if origin is list and members:
        return list, partial(_write_list, _kind_of(*members))
    if origin is dict and members and members[0] in (str, int):
        return dict, partial(_write_keyed, members[0], _kind_of(members[1]))
    if hint in (*_SCALARS, type(None)):
        return hint, None
    # A class that checks itself may refuse what its fields take one by one.
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and not hasattr(hint, "__post_init__"):
        return hint, _dataclass_of(hint).write
    return None, None
