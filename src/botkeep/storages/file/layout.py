"""The file of a FileStorage: JSON that a person can read and, while the bot is off, edit.

::

    {
      "botkeep": 1,
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

``botkeep`` is the version of this layout, ``expires_at`` seconds since the epoch; a document without it
never expires. Identifiers stand in order; a document's own keys stay in the order they were given.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from botkeep._files.json_text import encoded, parsed
from botkeep.errors import StorageFormatError
from botkeep.hooks import Stored

VERSION: Final = 1

_FORMER_NAME: Final = "holdfast"
"""What the member ``botkeep`` was called until version 0.1, when the project had that name."""

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
    botkeep: int
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
    if isinstance(tree, dict) and "botkeep" not in tree and _FORMER_NAME in tree:
        tree = {"botkeep": tree.pop(_FORMER_NAME), **tree}
    if not isinstance(tree, dict) or not isinstance(tree.get("botkeep"), int):
        raise StorageFormatError(place, "not a file of FileStorage; it was left as it is: choose another one")
    version = tree["botkeep"]
    if version > VERSION:
        reason = f"written by a newer Botkeep (layout {version}, this one knows {VERSION}); upgrade botkeep"
        raise StorageFormatError(place, reason)
    try:
        return msgspec.convert(tree, _File)
    except msgspec.ValidationError as exc:
        raise StorageFormatError(place, f"{exc}; correct the file, it was left as it is") from exc


def _value(document: Any) -> bytes:
    if isinstance(document, dict) and list(document) == [DAMAGED]:
        return base64.b64decode(document[DAMAGED])
    return encoded(document)
