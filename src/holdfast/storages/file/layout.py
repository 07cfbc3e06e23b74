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
import math
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from holdfast._files.json_text import encoded, parsed
from holdfast.errors import StorageFormatError
from holdfast.hooks import Stored

VERSION: Final = 1

DAMAGED: Final = "$damaged"
"""Stands for a document whose bytes are not JSON (moved here from a damaged database, say), in base64."""


Shelves: TypeAlias = Mapping[str, Mapping[str, Stored]]
"""Documents by namespace and identifier, in order. Replaced, never changed: somebody may be reading."""


class _Shelf(msgspec.Struct, forbid_unknown_fields=True):
    documents: dict[str, Any] = {}
    expires_at: dict[str, float] = {}

    def entries(self) -> dict[str, Stored]:
        return {
            identifier: Stored(_value(document), self.expires_at.get(identifier, math.inf))
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
    file = _checked(parsed(content), place)
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


def _value(document: Any) -> bytes:
    if isinstance(document, dict) and list(document) == [DAMAGED]:
        return base64.b64decode(document[DAMAGED])
    return encoded(document)
