"""How deep a document may be, and whether one is deeper.

orjson has no limit for tuples, and forgets its limit for dicts below 255 levels that have a tuple among them:
then it writes behind the end of its buffer. So msgspec packs a document first: it takes less time than orjson
does, never goes too deep for the stack, and its bytes bound the depth.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import msgspec

from botkeep._core.tags import PLAIN, WRITERS

MAX_DEPTH: Final = 240
"""How many containers may lie in each other: dicts, lists, tuples, sets, dataclasses, models.

orjson writes 254 levels.
"""

SAFE_RECURSION: Final = 5_000 if sys.version_info < (3, 12) else sys.maxsize
"""With a greater recursion limit `pack` may use up the stack: before Python 3.12 it counts for C code too."""

_CONTAINERS: Final = frozenset({dict, list, tuple})
_KNOWN: Final = frozenset({*_CONTAINERS, *PLAIN, *WRITERS, float})

_NOT_CONTAINERS: Final = bytes({*range(256)} - {*range(0x80, 0xA0), *range(0xDC, 0xE0)})
"""Bytes that no dict, list or tuple begins with in MessagePack."""

_NOT_BRACKETS: Final = bytes({*range(256)} - {*b"[]{}"})


def _hook(value: Any) -> None:
    """Let subclasses pass that hold no others, such as pyrogram's Str."""
    if not isinstance(value, (str, int, float)):
        raise TypeError


pack: Final = msgspec.msgpack.Encoder(enc_hook=_hook).encode
"""Return the document as MessagePack; raises RecursionError if it is too deep for that, and others."""

_to_json: Final = msgspec.json.Encoder(enc_hook=_hook).encode


def is_within(document: Any, packed: bytes) -> bool:
    """Whether the document is at most `MAX_DEPTH` deep; True is certain.

    Raises:
        Exception: msgspec packs the document, but does not write it as JSON.
    """
    return len(packed.translate(None, _NOT_CONTAINERS)) <= MAX_DEPTH or not may_be_deep(_to_json(document))


def may_be_deep(data: bytes) -> bool:
    """Whether this JSON may be deeper than `MAX_DEPTH`; False is certain."""
    brackets = data.translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH // 2):
        # One level less, or two.
        fewer = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not fewer:
            return False
        if fewer == brackets:
            break  # brackets inside of text
        brackets = fewer
    return True


def is_shallow(document: Any) -> bool:
    """Whether the document is at most `MAX_DEPTH` deep, and orjson knows the types of all that is in it."""
    level = [document]
    for _ in range(MAX_DEPTH + 1):
        kinds = set(map(type, level))
        if not kinds <= _KNOWN:
            return False
        if not kinds & _CONTAINERS:
            return True
        level = [item for value in level if type(value) in _CONTAINERS for item in _items(value)]
    return False


def _items(value: Any) -> Any:
    return value.values() if type(value) is dict else value
