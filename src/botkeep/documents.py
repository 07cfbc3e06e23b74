"""The document codec: what may be stored, and the bytes it becomes.

A document is JSON: None, bool, int, finite float, str, list, dict. Other types of the standard library come
back as what they were, because they are written as a dict of one key, the tag: ``{"$date": "2026-11-21"}``.
A user's own dict that looks like a tag is written inside the tag ``$dict``, so the two never meet.

The fast road is one call of msgspec, which tells how deep the document is, and one of orjson, which asks
`botkeep._core.tags` for tags. Their bytes tell whether the value may have needed more: only then is it walked
in Python.
"""

from __future__ import annotations

import re
from contextlib import suppress
from sys import getrecursionlimit
from typing import Any, Final, TypeVar

import orjson

from botkeep._core import typed
from botkeep._core.nesting import MAX_DEPTH, SAFE_RECURSION, is_shallow, is_within, pack
from botkeep._core.tagging import encode_tagged, is_plain, untag
from botkeep._core.tags import tag_of
from botkeep._core.trimming import trimmed
from botkeep.errors import CorruptDocumentError

__all__ = ["MAX_DEPTH", "convert", "decode", "encode", "same"]

T = TypeVar("T")

# orjson would write these as plain strings and dicts; passed through, they get a tag or the slow road.
_STRICTLY: Final = (
    orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
)

# What orjson takes and should not: NaN and infinities, whose first bytes in MessagePack are these ...
_HIGH: Final = 0x7F
_HIGHEST: Final = 0xFF
# ... a dict that looks like a tag, and a UUID, which MessagePack has as a text of 32 to 255 bytes. A byte is
# found by memchr, far faster than a longer needle.
_DOLLAR: Final = ord("$")
_DASH: Final = ord("-")
_UUID_HEADER: Final = 0xD9
_TAG: Final = b'{"$'
_UUID: Final = re.compile(rb"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-")


def encode(document: Any) -> bytes:
    """Return the document as UTF-8 JSON.

    Tuples become lists; keys that are numbers, booleans, None or simple values become strings; an Enum
    becomes its value; a dataclass, msgspec Struct or pydantic model becomes a dict of its fields.

    Raises:
        DocumentError: something in it cannot be stored, or it is deeper than `MAX_DEPTH`; the error names the
            path to it.
    """
    if getrecursionlimit() > SAFE_RECURSION:
        return _encode_carefully(document)
    try:
        packed = pack(document)
        if len(packed) > MAX_DEPTH and not is_within(document, packed):
            return _encode_carefully(document)
        data = orjson.dumps(document, tag_of, _STRICTLY)
    except Exception:  # noqa: BLE001 # too deep, of a type that only a walk can write, or wrong: a walk tells
        return _encode_carefully(document)
    # Written out here, because one call costs more than orjson does.
    may_need_tags = (
        ((_HIGH in packed or _HIGHEST in packed) and data.find(b"null") >= 0)
        or (_DOLLAR in data and data.find(_TAG) >= 0)
        or (_UUID_HEADER in packed and _DASH in data and _UUID.search(data) is not None)
    )
    if may_need_tags and not is_plain(document):
        return _encode_carefully(document)
    return trimmed(data)


def _encode_carefully(document: Any) -> bytes:
    with suppress(Exception):  # whatever is wrong with it, the walk tells
        if is_shallow(document) and is_plain(document):
            return trimmed(orjson.dumps(document, tag_of, _STRICTLY))
    return trimmed(encode_tagged(document))


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
            return untag(document)
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

    A float without a fraction is taken for an int, as 7.0 for 7; the document stays as it is.

    Args:
        document: what `decode` gave.
        kind: a dataclass, TypedDict, msgspec Struct, pydantic model or any other type that msgspec knows.

    Raises:
        DocumentError: the document does not fit; the error names the field. Or no document can be read as
            this type: a union whose members look alike, say.
    """
    converted: T = typed.convert(document, kind)
    return converted
