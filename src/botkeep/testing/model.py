"""What a storage should be: a plain dict with expiry."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

from botkeep.ttl import KEEP_TTL, Ttl, TtlRule, seconds

Key: TypeAlias = "tuple[str, str]"
"""A namespace, "" for the storage itself, and an identifier."""


class Entry(NamedTuple):
    """A document and when it expires."""

    document: Any
    expires_at: float


class Model:
    """Documents under keys, on a clock of its own.

    Attributes:
        now: seconds since the model began.
    """

    def __init__(self) -> None:
        self.now: float = 0.0
        self._entries: dict[Key, Entry] = {}

    def live(self, key: Key) -> Entry | None:
        """Return what has not expired; None when absent."""
        entry = self._entries.get(key)
        return None if entry is None or entry.expires_at <= self.now else entry

    def keys(self, namespace: str) -> list[str]:
        """Return the live identifiers of a namespace, sorted."""
        return sorted(key[1] for key in self._entries if key[0] == namespace and self.live(key))

    def put(self, key: Key, document: Any, ttl: Ttl | None, *, keep: bool = False) -> None:
        """Store a document; ``keep``: as if the ttl were `KEEP_TTL` when there is one already."""
        old = self.live(key)
        if old is not None and (keep or ttl is KEEP_TTL):
            expires_at = old.expires_at
        elif ttl is None or isinstance(ttl, TtlRule):
            expires_at = math.inf
        else:
            expires_at = self.now + seconds(ttl)
        self._entries[key] = Entry(document, expires_at)

    def delete(self, key: Key) -> None:
        """Remove a document, if there is one."""
        self._entries.pop(key, None)

    def clear(self, namespace: str) -> None:
        """Remove all documents of a namespace."""
        self._entries = {key: entry for key, entry in self._entries.items() if key[0] != namespace}
