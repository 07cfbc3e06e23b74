"""JSON in files that people read, and edit: a line per value, two spaces per level."""

from __future__ import annotations

import codecs
from typing import Any

import msgspec
import orjson

from botkeep import documents
from botkeep._core.tagging import untag
from botkeep._core.trimming import trimmed


class NotJsonError(ValueError):
    """A file's content that cannot be the whole of what was written: it is damaged."""


def indented(document: bytes, level: int = 0) -> bytes:
    r"""Return the encoded document laid out in lines; ``level``: how deep it stands in the file.

    No line break can be inside a string, where JSON writes ``\n``: whatever breaks is layout.
    """
    try:
        text = orjson.dumps(orjson.loads(document), option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:  # of more levels than orjson writes
        text = msgspec.json.format(document, indent=2)
    return text.replace(b"\n", b"\n" + b"  " * level) if level else text


def parsed(content: bytes) -> Any:
    """Return the tree of a file's JSON, tags of the document codec as they stand, integers of any size.

    Raises:
        NotJsonError: the content is damaged.
    """
    try:
        return msgspec.json.decode(content.removeprefix(codecs.BOM_UTF8))
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise NotJsonError(str(exc)) from exc


def encoded(tree: Any) -> bytes:
    """Return the document that a tree (or a part of one) stands for, encoded."""
    try:
        return trimmed(orjson.dumps(tree))
    except orjson.JSONEncodeError:
        # An integer of more than 64 bits, typed by hand: the codec has a tag for it.
        return documents.encode(untag(tree))
