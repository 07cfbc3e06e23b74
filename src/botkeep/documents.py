"""The document codec: what may be stored, and the bytes it becomes.

A document is JSON: None, bool, int, finite float, str, list, dict. Other types of the standard library come
back as what they were, because they are written as a dict of one key, the tag: ``{"$date": "2026-11-21"}``.
A user's own dict that looks like a tag is written inside the tag ``$dict``, so the two never meet.

The fast road is one call of orjson, which asks `botkeep._core.tags` for tags. Its bytes tell whether
the value may have needed more (`_needs_a_look`): only then is it walked in Python.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import orjson

from botkeep._core import tags
from botkeep.errors import CorruptDocumentError, DocumentError

T = TypeVar("T")

# orjson would write these two as plain strings and dicts; passed through, they get a tag or the slow road.
_STRICTLY: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

# A single byte is found by memchr, far faster than a longer needle: most documents have neither of the two.
_DOLLAR: Final = ord("$")
_DASH: Final = ord("-")
_TAG: Final = b'{"$'
_UUID: Final = re.compile(rb"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-")


def encode(document: Any) -> bytes:
    """Return the document as UTF-8 JSON.

    Tuples become lists; keys that are numbers, booleans, None or simple values become strings; an Enum
    becomes its value; a dataclass, msgspec Struct or pydantic model becomes a dict of its fields.

    Raises:
        DocumentError: something in it cannot be stored; the error names the path to it.
    """
    try:
        data = orjson.dumps(document, default=tags.tag_of, option=_STRICTLY)
    except orjson.JSONEncodeError:
        return _encode_tagged(document)
    if _needs_a_look(data) and not tags.is_plain(document):
        return _encode_tagged(document)
    return data


def _needs_a_look(data: bytes) -> bool:
    """Whether orjson may have taken what it should not: NaN as null, a UUID, a dict that looks like a tag."""
    return (
        b"null" in data
        or (_DOLLAR in data and _TAG in data)
        or (_DASH in data and _UUID.search(data) is not None)
    )


def _encode_tagged(document: Any) -> bytes:
    tagged = tags.tag(document)
    try:
        return orjson.dumps(tagged)
    except orjson.JSONEncodeError as exc:
        raise DocumentError("", str(exc)) from exc


def decode(data: bytes, identifier: str = "") -> Any:
    """Return the document that `encode` wrote; a new object at each call.

    Args:
        data: the stored JSON.
        identifier: the key it was stored under, for the error.

    Raises:
        CorruptDocumentError: this is not JSON, or holds a tag that no version known here writes.
    """
    try:
        document = orjson.loads(data)
        if _DOLLAR in data and _TAG in data:
            return tags.untag(document)
    except Exception as exc:
        # Not only ValueError: what a damaged tag holds may fail its reader in any way.
        raise CorruptDocumentError(identifier, str(exc) or type(exc).__name__) from exc
    return document


def same(one: bytes | None, other: bytes | None, identifier: str = "") -> bool:
    """Whether two encoded documents are equal as Python values: key order and 1 == 1.0 make no difference.

    None stands for an absent document and equals only itself.

    Raises:
        CorruptDocumentError: the bytes differ and one of them cannot be read.
    """
    if one is None or other is None or one == other:
        return one == other
    return bool(decode(one, identifier) == decode(other, identifier))


def convert(document: Any, kind: type[T]) -> T:
    """Return the document as an instance of ``kind``, checked.

    Args:
        document: what `decode` gave.
        kind: a dataclass, TypedDict, msgspec Struct, pydantic model or any other type that msgspec knows.

    Raises:
        DocumentError: the document does not fit; the error names the field.
    """
    if hasattr(kind, "model_validate"):
        model: T = _validate_model(document, kind)
        return model
    import msgspec  # noqa: PLC0415 # only typed readers pay for importing it

    try:
        # Keys that were numbers were stored as strings.
        converted: T = msgspec.convert(document, kind, str_keys=True)
    except msgspec.ValidationError as exc:
        # "Expected `int`, got `str` - at `$.items[3].price`", or "... - at `key` in `$.items`"
        reason, _, place = str(exc).partition(" - at ")
        path = place.strip("`").rpartition("$")[2].removeprefix(".")
        raise DocumentError(path, f"{reason}, for {_name(kind)}") from exc
    return converted


def _validate_model(document: Any, kind: Any) -> Any:
    try:
        return kind.model_validate(document)
    except ValueError as exc:
        first = getattr(exc, "errors", list)()[0]
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise DocumentError(path.removeprefix("."), f"{first['msg']}, for {_name(kind)}") from exc


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", None) or str(kind)
