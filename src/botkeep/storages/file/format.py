"""The file of a FileStorage: JSON that a person can read and, while the bot is off, edit.

::

    {
      "botkeep": 2,
      "checksum": "5c1d0fa7",
      "clock": 1794999940.0,
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

``botkeep`` is the version of this layout, ``clock`` when the file was written and ``expires_at`` when
documents expire, in seconds since the epoch; a document without it never expires. Identifiers stand in order;
a document's own keys stay in the order they were given.

``checksum`` is the CRC-32 of the file without that line, so that a damaged byte is never another value. A
file without it is taken as it is: whoever edits the file takes the line out.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias
from zlib import crc32

import msgspec
import orjson

from botkeep._files.json_text import NotJsonError, encoded, indented, parsed
from botkeep.errors import StorageFormatError
from botkeep.hooks import Stored

VERSION: Final = 2
"""1, without checksum and clock, is what version 0.1 wrote."""

_FORMER_NAME: Final = "holdfast"
"""What the member ``botkeep`` was called until version 0.1, when the project had that name."""

DAMAGED: Final = "$damaged"
"""Stands for a document whose bytes are not JSON (moved here from a damaged database, say), in base64."""

_CHECKSUM: Final = re.compile(rb'  "checksum": "([0-9a-f]{8})",\n')
_CHECKSUM_WITHIN: Final = 80
"""The line stands among the first bytes: what looks like it further down is somebody's document."""

NamespaceDocuments: TypeAlias = Mapping[str, Stored]
"""The documents of one namespace by identifier, in order."""

Documents: TypeAlias = Mapping[str, NamespaceDocuments]
"""All documents by namespace. Replaced, never changed: somebody may be reading."""


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        documents: all documents, live ones and expired ones.
        clock: when it was written, in seconds since the epoch; 0.0: it does not say.
    """

    documents: Documents
    clock: float


class _Namespace(msgspec.Struct, forbid_unknown_fields=True):
    documents: dict[str, Any] = {}
    expires_at: dict[str, float] = {}

    def entries(self) -> dict[str, Stored]:
        return {
            identifier: Stored(_value(document), self.expires_at.get(identifier, math.inf))
            for identifier, document in sorted(self.documents.items())
        }


class _File(_Namespace, forbid_unknown_fields=True, kw_only=True):
    # A misspelt field must not count as "no documents", and be gone with the next write.
    botkeep: int
    checksum: str = ""
    clock: float = 0.0
    namespaces: dict[str, _Namespace] = {}


def parse(content: bytes, place: str) -> Content:
    """Return what a file holds.

    Raises:
        NotJsonError: the content is damaged, or was edited with its checksum left in.
        StorageFormatError: it is JSON, but not of this layout; ``place`` is for the message.
    """
    tree = _of_known_version(parsed(content), place)
    if "checksum" in tree:
        _check(content)
    try:
        file = msgspec.convert(tree, _File)
    except msgspec.ValidationError as exc:
        raise StorageFormatError(place, f"{exc}; correct the file, it was left as it is") from exc
    documents = {"": file.entries(), **{path: found.entries() for path, found in file.namespaces.items()}}
    return Content({path: entries for path, entries in documents.items() if entries}, file.clock)


def _of_known_version(tree: Any, place: str) -> dict[str, Any]:
    if isinstance(tree, dict) and "botkeep" not in tree and _FORMER_NAME in tree:
        tree = {"botkeep": tree.pop(_FORMER_NAME), **tree}
    if not isinstance(tree, dict) or not isinstance(tree.get("botkeep"), int):
        raise StorageFormatError(place, "not a file of FileStorage; it was left as it is: choose another one")
    version = tree["botkeep"]
    if version > VERSION:
        reason = f"written by a newer Botkeep (layout {version}, this one knows {VERSION}); upgrade botkeep"
        raise StorageFormatError(place, reason)
    return tree


def _check(content: bytes) -> None:
    line = _CHECKSUM.search(content, 0, _CHECKSUM_WITHIN)
    if line is None or int(line[1], 16) != crc32(content[line.end() :], crc32(content[: line.start()])):
        raise NotJsonError(
            "its checksum does not match: a byte is damaged, or somebody edited it. To have an edit "
            'accepted, take the line with "checksum" out of the file'
        )


def _value(document: Any) -> bytes:
    if isinstance(document, dict) and list(document) == [DAMAGED]:
        return base64.b64decode(document[DAMAGED])
    return encoded(document)


class Serializer:
    """Writes the text of the file anew at each change; that of an unchanged document is kept."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, tuple[bytes, bytes]]] = {}

    def serialize(self, content: Content) -> bytes:
        """Return the text of the file."""
        documents = content.documents
        self._texts = {path: self._texts_of(path, entries) for path, entries in documents.items()}
        members = [
            _member("clock", 1, orjson.dumps(content.clock)),
            *self._namespace("", documents.get("", {}), 1),
        ]
        namespaces: list[bytes] = []
        for path in sorted(documents):
            if path:
                namespaces += [_member(path, 2), *_object(self._namespace(path, documents[path], 3), 2)]
        if namespaces:
            members += [_member("namespaces", 1), *_object(namespaces, 1)]
        return _with_checksum(b'{\n  "botkeep": %d,\n' % VERSION, members)

    def _namespace(self, path: str, entries: NamespaceDocuments, level: int) -> list[bytes]:
        documents = [text for _, text in self._texts.get(path, {}).values()]
        expiries = [
            _member(name, level + 1, orjson.dumps(expires_at))
            for name, (_, expires_at) in entries.items()
            if expires_at != math.inf
        ]
        members = [_member("documents", level), *_object(documents, level)]
        if expiries:
            members += [_member("expires_at", level), *_object(expiries, level)]
        return members

    def _texts_of(self, path: str, entries: NamespaceDocuments) -> dict[str, tuple[bytes, bytes]]:
        known, level = self._texts.get(path, {}), 4 if path else 2
        texts = {}
        for name, (value, _) in entries.items():
            text = known.get(name)
            if text is None or text[0] is not value:
                text = (value, _member(name, level, _text_of(value, level)))
            texts[name] = text
        return texts


def _with_checksum(start: bytes, members: Sequence[bytes]) -> bytes:
    """Return the file's text: its start, the line with the checksum of all else, and the members."""
    rest = b"".join([members[0].removeprefix(b",\n"), *members[1:], b"\n}\n"])
    return b'%b  "checksum": "%08x",\n%b' % (start, crc32(rest, crc32(start)), rest)


def _text_of(value: bytes, level: int) -> bytes:
    try:
        return indented(value, level)
    except orjson.JSONDecodeError:
        return b'{"%s": "%s"}' % (DAMAGED.encode(), base64.b64encode(value))


def _member(name: str, level: int, value: bytes = b"") -> bytes:
    """Return a member of an object, which stands ``level`` deep, with the comma in front of it."""
    return b",\n%s%s: %s" % (b"  " * level, orjson.dumps(name), value)


def _object(members: Sequence[bytes], level: int) -> list[bytes]:
    """Return the pieces of an object. Pieces, because joining a megabyte at each level would cost."""
    if not members:
        return [b"{}"]
    first = members[0].removeprefix(b",")
    return [b"{", first, *members[1:], b"\n%s}" % (b"  " * level)]
