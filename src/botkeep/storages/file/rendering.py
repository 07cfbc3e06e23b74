"""The text of the file of a FileStorage, in the layout that `botkeep.storages.file.layout` describes."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence

import orjson

from botkeep._files.json_text import indented
from botkeep.hooks import Stored
from botkeep.storages.file.layout import DAMAGED, VERSION, Shelves


class Renderer:
    """Writes the file anew at each change; what a document looks like is worked out once."""

    def __init__(self) -> None:
        self._looks: dict[str, dict[str, tuple[bytes, bytes]]] = {}

    def render(self, shelves: Shelves) -> bytes:
        """Return the content of the file."""
        self._looks = {path: self._looks_of(path, shelf) for path, shelf in shelves.items()}
        members = [_member("botkeep", 1, b"%d" % VERSION), *self._shelf("", shelves.get("", {}), 1)]
        namespaces: list[bytes] = []
        for path in sorted(shelves):
            if path:
                namespaces += [_member(path, 2), *_object(self._shelf(path, shelves[path], 3), 2)]
        if namespaces:
            members += [_member("namespaces", 1), *_object(namespaces, 1)]
        return b"".join([*_object(members, 0), b"\n"])

    def _shelf(self, path: str, shelf: Mapping[str, Stored], level: int) -> list[bytes]:
        documents = [look for _, look in self._looks.get(path, {}).values()]
        expiries = [
            _member(name, level + 1, orjson.dumps(expires_at))
            for name, (_, expires_at) in shelf.items()
            if expires_at != math.inf
        ]
        members = [_member("documents", level), *_object(documents, level)]
        if expiries:
            members += [_member("expires_at", level), *_object(expiries, level)]
        return members

    def _looks_of(self, path: str, shelf: Mapping[str, Stored]) -> dict[str, tuple[bytes, bytes]]:
        known, level = self._looks.get(path, {}), 4 if path else 2
        looks = {}
        for name, (value, _) in shelf.items():
            look = known.get(name)
            if look is None or look[0] is not value:
                look = (value, _member(name, level, _look(value, level)))
            looks[name] = look
        return looks


def _look(value: bytes, level: int) -> bytes:
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
