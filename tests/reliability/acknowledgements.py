"""What processes acknowledged before they were killed, kept where no kill reaches it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

_BORNE_OUT: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "set": lambda document, version: document is not None and document["version"] >= version,
    "counted": lambda document, total: document is not None and document >= total,
    "noted": lambda document, entry: document is not None and entry in document,
    "created": lambda document, _: document is not None,
    "deleted": lambda document, _: document is None,
}


class Acknowledgement(NamedTuple):
    """One line that a program printed after a verb had returned."""

    deed: str
    identifier: str
    detail: Any

    def is_borne_out_by(self, documents: Mapping[str, Any]) -> bool:
        return _BORNE_OUT[self.deed](documents.get(self.identifier), self.detail)


class Oracle:
    """The file of all acknowledgements, synced at each call."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._path = path

    def record(self, lines: bytes) -> None:
        self._file.write(lines)
        os.fsync(self._file.fileno())

    def __iter__(self) -> Iterator[Acknowledgement]:
        for line in self._path.read_text().splitlines():
            yield Acknowledgement(*json.loads(line))

    def close(self) -> None:
        self._file.close()
