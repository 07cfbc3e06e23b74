"""The table of documents, as the statements of one batch see it.

A batch of a hundred calls reads its rows in two queries and writes them by one: a query for each would cost
twice the time.

Whether a row is live is decided after its checksum was compared: a damaged expiry makes no document absent.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from botkeep._core.operations import Stored
from botkeep.storages.sqlite.checksums import DAMAGED, EDITED, checksum, damaged

Key: TypeAlias = "tuple[str, str]"
"""Namespace and identifier."""

Row: TypeAlias = "tuple[Any, Any, Any]"
"""Value, expiry and checksum, as they are in the file."""

# A damaged row counts as live: it was not removed, and who asks for it gets an error.
LIVE: Final = f"(expires_at IS NULL OR expires_at > ? OR {DAMAGED})"
"""SQL: the row is not expired at the time that is its parameter."""

AT_ONCE: Final = 64
"""Rows read by one query."""

_KEY: Final = "namespace = ? AND identifier = ?"
_SELECT: Final = f"SELECT value, expires_at, checksum FROM documents WHERE {_KEY}"  # noqa: S608 # constants
# CROSS JOIN keeps SQLite from scanning the documents for what is wanted (sqlite.org/optoverview.html).
_SELECT_MANY: Final = f"""
WITH wanted (number, namespace, identifier) AS (VALUES {", ".join(f"({n}, ?, ?)" for n in range(AT_ONCE))})
SELECT number, value, expires_at, checksum FROM wanted CROSS JOIN documents USING (namespace, identifier)
"""  # noqa: S608 # constants
_UPSERT: Final = """
INSERT INTO documents (namespace, identifier, value, expires_at, checksum) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (namespace, identifier) DO UPDATE
SET value = excluded.value, expires_at = excluded.expires_at, checksum = excluded.checksum
"""
_DELETE: Final = f"DELETE FROM documents WHERE {_KEY} AND {LIVE}"  # noqa: S608 # constants


def find(connection: sqlite3.Connection, now: float, key: Key) -> Stored | None:
    """Return a live document; None: there is none.

    Raises:
        CorruptDocumentError: its checksum does not match.
    """
    return _checked(connection.execute(_SELECT, key).fetchone(), key, now)


class DocumentTable:
    """Reads and writes documents within one transaction; what is put is in the file after `flush`.

    Args:
        connection: with a transaction begun.
        now: seconds since the epoch.
    """

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.now = now
        self._connection = connection
        self._fetched: dict[Key, Row | None] = {}
        self._put: dict[Key, Stored] = {}

    def fetch(self, keys: Iterable[Key]) -> None:
        """Read these rows now, because they will be asked for."""
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            parameters = [text for key in some for text in key]
            parameters += ["", ""] * (AT_ONCE - len(some))
            self._fetched.update(dict.fromkeys(some))
            for number, value, expires_at, proof in self._connection.execute(_SELECT_MANY, parameters):
                self._fetched[some[number]] = (value, expires_at, proof)

    def find(self, key: Key) -> Stored | None:
        """Return a live document; None: there is none.

        Raises:
            CorruptDocumentError: its checksum does not match.
        """
        stored = self._put.get(key)
        if stored is not None:
            return stored if stored.expires_at > self.now else None
        if key in self._fetched:
            return _checked(self._fetched[key], key, self.now)
        return find(self._connection, self.now, key)

    def put(self, key: Key, stored: Stored) -> None:
        """Store a document in place of whatever was there."""
        self._put[key] = stored

    def delete(self, key: Key) -> bool:
        """Remove a document, readable or not; True if there was one."""
        self._fetched[key] = None
        stored = self._put.pop(key, None)
        removed = self._connection.execute(_DELETE, (*key, self.now)).rowcount > 0
        return removed if stored is None else stored.expires_at > self.now

    def flush(self) -> sqlite3.Connection:
        """Write what was put, and return the connection, for what is done to more than one document."""
        rows, self._put, self._fetched = self._put, {}, {}
        if rows:
            self._connection.executemany(_UPSERT, [_row(key, stored) for key, stored in rows.items()])
        return self._connection


def _checked(row: Row | None, key: Key, now: float) -> Stored | None:
    if row is None:
        return None
    value, expires_at, found = row
    if type(value) is not bytes or (found != checksum(*key, value, expires_at) and found != EDITED):
        raise damaged(key[1])
    if expires_at is None:
        return Stored(value, math.inf)
    return Stored(value, expires_at) if expires_at > now else None


def _row(key: Key, stored: Stored) -> tuple[str, str, str, float | None, int]:
    namespace, identifier = key
    value, expires_at = stored.value, None if stored.expires_at == math.inf else stored.expires_at
    return (
        namespace,
        identifier,
        value.decode(),
        expires_at,
        checksum(namespace, identifier, value, expires_at),
    )
