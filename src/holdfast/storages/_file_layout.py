"""The file of a FileStorage: JSON that a person can read and, while the bot is off, edit.

::

    {
      "holdfast": 1,
      "documents": {
        "cart:7": {"pizza": "Margherita", "size": 30}
      },
      "expires_at": {
        "cart:7": 1795000000.0
      },
      "namespaces": {
        "weather": {
          "documents": {
            "Oslo": 4.5
          }
        }
      }
    }

``holdfast`` is the version of this layout, ``expires_at`` seconds since the epoch; a document without it
never expires. Identifiers stand in order; a document's own keys stay in the order they were given.
"""

from __future__ import annotations

import base64
import codecs
import math
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec
import orjson

from holdfast import documents
from holdfast._files.readable import indented
from holdfast._tagging import untag
from holdfast.errors import StorageFormatError
from holdfast.hooks import Stored

VERSION: Final = 1

_DAMAGED: Final = "$damaged"
"""Stands for a document whose bytes are not JSON (moved here from a damaged database, say), in base64."""


Shelves: TypeAlias = Mapping[str, Mapping[str, Stored]]
"""Documents by namespace and identifier, in order. Replaced, never changed: somebody may be reading."""


class NotJsonError(ValueError):
    """Bytes that cannot be the whole of a file that we wrote."""


class _Shelf(msgspec.Struct, forbid_unknown_fields=True):
    documents: dict[str, Any] = {}
    expires_at: dict[str, float] = {}

    def entries(self) -> dict[str, Stored]:
        return {
            identifier: Stored(_encoded(document), self.expires_at.get(identifier, math.inf))
            for identifier, document in sorted(self.documents.items())
        }


class _File(_Shelf, forbid_unknown_fields=True, kw_only=True):
    # A misspelt field must not count as "no documents", and be gone with the next write.
    holdfast: int
    namespaces: dict[str, _Shelf] = {}


def parse(content: bytes, place: str) -> Shelves:
    """Return what a file holds.

    Raises:
        NotJsonError: the content is damaged.
        StorageFormatError: it is JSON, but not of this layout; ``place`` is for the message.
    """
    try:
        tree = msgspec.json.decode(content.removeprefix(codecs.BOM_UTF8))
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise NotJsonError(str(exc)) from exc
    file = _checked(tree, place)
    shelves = {"": file.entries(), **{path: shelf.entries() for path, shelf in file.namespaces.items()}}
    return {path: entries for path, entries in shelves.items() if entries}


def _checked(tree: Any, place: str) -> _File:
    if not isinstance(tree, dict) or not isinstance(tree.get("holdfast"), int):
        raise StorageFormatError(place, "not a file of FileStorage; it was left as it is: choose another one")
    version = tree["holdfast"]
    if version > VERSION:
        reason = f"written by a newer Holdfast (layout {version}, this one knows {VERSION}); upgrade holdfast"
        raise StorageFormatError(place, reason)
    try:
        return msgspec.convert(tree, _File)
    except msgspec.ValidationError as exc:
        raise StorageFormatError(place, f"{exc}; correct the file, it was left as it is") from exc


def _encoded(document: Any) -> bytes:
    """Return the compact bytes of a document, tags and all, as it stands in the file."""
    if isinstance(document, dict) and list(document) == [_DAMAGED]:
        return base64.b64decode(document[_DAMAGED])
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        # An integer of more than 64 bits, typed by hand: the codec has a tag for it.
        return documents.encode(untag(document))


class Renderer:
    """Writes the file anew at each change; what a document looks like is worked out once."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[str, tuple[bytes, bytes]]] = {}

    def render(self, shelves: Shelves) -> bytes:
        """Return the content of the file."""
        self._lines = {path: self._looks(path, entries) for path, entries in shelves.items()}
        parts = [b'"holdfast": %d' % VERSION]
        parts += self._shelf("", shelves.get("", {}), 1)
        inner = [
            b"%s: %s" % (orjson.dumps(path), _braces(self._shelf(path, shelves[path], 3), 2))
            for path in sorted(shelves)
            if path
        ]
        if inner:
            parts.append(b'"namespaces": ' + _braces(inner, 1))
        return _braces(parts, 0) + b"\n"

    def _shelf(self, path: str, entries: Mapping[str, Stored], level: int) -> list[bytes]:
        looks = [look for _, look in self._lines.get(path, {}).values()]
        expiries = [
            b"%s: %s" % (orjson.dumps(name), orjson.dumps(expires_at))
            for name, (_, expires_at) in entries.items()
            if expires_at != math.inf
        ]
        parts = [b'"documents": ' + _braces(looks, level)]
        return [*parts, b'"expires_at": ' + _braces(expiries, level)] if expiries else parts

    def _looks(self, path: str, entries: Mapping[str, Stored]) -> dict[str, tuple[bytes, bytes]]:
        known, level = self._lines.get(path, {}), 4 if path else 2
        looks = {}
        for name, (value, _) in entries.items():
            look = known.get(name)
            if look is None or look[0] is not value:
                look = (value, b"%s: %s" % (orjson.dumps(name), _look(value, level)))
            looks[name] = look
        return looks


def _look(value: bytes, level: int) -> bytes:
    try:
        return indented(value, level)
    except orjson.JSONDecodeError:
        return b'{"%s": "%s"}' % (_DAMAGED.encode(), base64.b64encode(value))


def _braces(lines: list[bytes], level: int) -> bytes:
    """Return an object of these lines, which stands ``level`` deep."""
    if not lines:
        return b"{}"
    margin = b"\n" + b"  " * level
    return b"{" + margin + b"  " + (b"," + margin + b"  ").join(lines) + margin + b"}"
