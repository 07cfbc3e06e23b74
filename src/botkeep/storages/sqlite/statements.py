"""What SQLiteStorage's hooks do to the table: each a function to be run on the connection's thread.

Each makes its only change in one SQL statement, after what it has to read, so that a failure leaves no half;
but `add_many`, whose documents have nothing to do with each other.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from botkeep._core.operations import CompareAndSet, Delete, Operation, Put, Stored, Swap, Touch
from botkeep.patterns import after
from botkeep.ttl import Expiry

PAGE: Final = 1000
"""Identifiers read in one trip of a scan."""

SWEPT_AT_ONCE: Final = 100
"""Expired rows removed in one transaction, so that no caller waits for a hundred thousand of them."""


class Statement(NamedTuple):
    """One call's work.

    Attributes:
        run: takes the connection and the time (seconds since the epoch); returns the call's result.
        writes: it needs a write transaction.
    """

    run: Callable[[sqlite3.Connection, float], Any]
    writes: bool


_LIVE: Final = "(expires_at IS NULL OR expires_at > ?)"
_KEY: Final = "namespace = ? AND identifier = ?"
_SELECT: Final = f"SELECT value, expires_at FROM documents WHERE {_KEY} AND {_LIVE}"  # noqa: S608 # constants
_UPSERT: Final = """
INSERT INTO documents (namespace, identifier, value, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT (namespace, identifier) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
_UPSERT_KEEPING: Final = f"""{_UPSERT.rpartition(",")[0]},
expires_at = CASE WHEN {_LIVE} THEN expires_at ELSE excluded.expires_at END
"""
_SWAP: Final = f"UPDATE documents SET value = ?, expires_at = ? WHERE {_KEY} AND {_LIVE} AND value = ?"  # noqa: S608
_SWAP_KEEPING: Final = f"UPDATE documents SET value = ? WHERE {_KEY} AND {_LIVE} AND value = ?"  # noqa: S608
_TOUCH: Final = f"UPDATE documents SET expires_at = ? WHERE {_KEY} AND {_LIVE}"  # noqa: S608 # constants
_DELETE: Final = f"DELETE FROM documents WHERE {_KEY} AND {_LIVE}"  # noqa: S608 # constants
_SCAN: Final = f"""
SELECT identifier FROM documents WHERE namespace = ? AND identifier >= ? AND identifier < ? AND {_LIVE}
ORDER BY identifier LIMIT {PAGE}
"""  # noqa: S608 # constants
# From one namespace to the next along the primary key: a million rows in three namespaces are three steps.
_NAMESPACES: Final = f"""
WITH RECURSIVE steps (path) AS (
    SELECT min(namespace) FROM documents
    UNION ALL
    SELECT (SELECT min(namespace) FROM documents WHERE namespace > path) FROM steps WHERE path IS NOT NULL
)
SELECT path FROM steps WHERE EXISTS (SELECT 1 FROM documents WHERE namespace = path AND {_LIVE})
"""  # noqa: S608 # constants
_COUNT: Final = f"SELECT count(*) FROM documents WHERE namespace = ? AND {_LIVE}"  # noqa: S608 # constants
_CLEAR: Final = "DELETE FROM documents WHERE namespace = ?"
_SWEEP: Final = f"""
DELETE FROM documents WHERE rowid IN (
    SELECT rowid FROM documents WHERE expires_at <= ? LIMIT {SWEPT_AT_ONCE}
)
"""  # noqa: S608 # constants


# SQLite sorts every BLOB behind every TEXT (sqlite.org/datatype3.html#sort_order).
_BEHIND_ALL_TEXT: Final = b""


def _column(moment: float) -> float | None:
    return None if moment == math.inf else moment


def get(namespace: str, identifier: str) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> bytes | None:
        row = connection.execute(_SELECT, (namespace, identifier, now)).fetchone()
        return None if row is None else row[0]

    return Statement(run, writes=False)


def get_many(namespace: str, identifiers: Sequence[str]) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> list[Stored | None]:
        rows = (connection.execute(_SELECT, (namespace, key, now)).fetchone() for key in identifiers)
        return [row and Stored(row[0], math.inf if row[1] is None else row[1]) for row in rows]

    return Statement(run, writes=False)


def get_expiry(namespace: str, identifier: str) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> float | None:
        row = connection.execute(_SELECT, (namespace, identifier, now)).fetchone()
        if row is None:
            return None
        return math.inf if row[1] is None else row[1]

    return Statement(run, writes=False)


def _put(
    connection: sqlite3.Connection, now: float, namespace: str, identifier: str, value: bytes, expiry: Expiry
) -> None:
    row = (namespace, identifier, value.decode(), _column(expiry.at))
    if expiry.keep:
        connection.execute(_UPSERT_KEEPING, (*row, now))
    else:
        connection.execute(_UPSERT, row)


def put(namespace: str, identifier: str, operation: Put) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> None:
        _put(connection, now, namespace, identifier, operation.value, operation.expiry)

    return Statement(run, writes=True)


def add_many(namespace: str, documents: Mapping[str, Stored]) -> Statement:
    def add(connection: sqlite3.Connection, now: float, identifier: str, stored: Stored) -> bool:
        absent = connection.execute(_SELECT, (namespace, identifier, now)).fetchone() is None
        if absent:
            _put(connection, now, namespace, identifier, stored.value, Expiry(stored.expires_at, keep=False))
        return absent

    def run(connection: sqlite3.Connection, now: float) -> list[bool]:
        return [add(connection, now, identifier, stored) for identifier, stored in documents.items()]

    return Statement(run, writes=True)


def touch(namespace: str, identifier: str, operation: Touch) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> bool:
        moment = _column(operation.expires_at)
        return connection.execute(_TOUCH, (moment, namespace, identifier, now)).rowcount > 0

    return Statement(run, writes=True)


def delete(namespace: str, identifier: str, _: Delete) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> bool:
        return connection.execute(_DELETE, (namespace, identifier, now)).rowcount > 0

    return Statement(run, writes=True)


def compare_and_set(namespace: str, identifier: str, operation: CompareAndSet) -> Statement:
    value, expected, expiry = operation

    def run(connection: sqlite3.Connection, now: float) -> Swap:
        if expected is not None and _swap(connection, now, (namespace, identifier), value, expected, expiry):
            return Swap(done=True, found=None)
        row = connection.execute(_SELECT, (namespace, identifier, now)).fetchone()
        found = None if row is None else row[0]
        if found != expected:
            return Swap(done=False, found=found)
        _put(connection, now, namespace, identifier, value, expiry)
        return Swap(done=True, found=None)

    return Statement(run, writes=True)


def _swap(
    connection: sqlite3.Connection,
    now: float,
    key: tuple[str, str],
    value: bytes,
    expected: bytes,
    expiry: Expiry,
) -> bool:
    """Compare and set in one statement; False: it is not what was expected."""
    condition = (*key, now, expected.decode())
    if expiry.keep:
        cursor = connection.execute(_SWAP_KEEPING, (value.decode(), *condition))
    else:
        cursor = connection.execute(_SWAP, (value.decode(), _column(expiry.at), *condition))
    return cursor.rowcount > 0


def apply(namespace: str, identifier: str, operation: Operation[Any]) -> Statement:
    """Read an entry, pass it to the operation, and store what that returns."""

    def run(connection: sqlite3.Connection, now: float) -> Any:
        row = connection.execute(_SELECT, (namespace, identifier, now)).fetchone()
        old = None if row is None else Stored(row[0], math.inf if row[1] is None else row[1])
        entry, result = operation(old, now)
        if entry is None and old is not None:
            connection.execute(_DELETE, (namespace, identifier, now))
        elif entry is not None and entry is not old:
            _put(connection, now, namespace, identifier, entry.value, Expiry(entry.expires_at, keep=False))
        return result

    return Statement(run, writes=True)


StatementMaker: TypeAlias = Callable[[str, str, Any], Statement]
"""Takes namespace, identifier and operation."""

IN_SQL: Final[Mapping[type, StatementMaker]] = {
    Put: put,
    Touch: touch,
    Delete: delete,
    CompareAndSet: compare_and_set,
}
"""The operations that are one SQL statement; every other is read, made in Python, and written."""


def page(namespace: str, prefix: str, start: str) -> Statement:
    """Read the next identifiers with the prefix, from ``start`` on; an empty list ends the scan."""
    following = after(prefix)
    end = _BEHIND_ALL_TEXT if following is None else following

    def run(connection: sqlite3.Connection, now: float) -> list[str]:
        rows = connection.execute(_SCAN, (namespace, start, end, now))
        return [identifier.decode() for (identifier,) in rows]

    return Statement(run, writes=False)


def namespaces() -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> list[str]:
        return [path.decode() for (path,) in connection.execute(_NAMESPACES, (now,))]

    return Statement(run, writes=False)


def clear(namespace: str) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> int:
        (count,) = connection.execute(_COUNT, (namespace, now)).fetchone()
        connection.execute(_CLEAR, (namespace,))
        return int(count)

    return Statement(run, writes=True)


def sweep(connection: sqlite3.Connection, now: float) -> bool:
    """Remove some expired rows; True if there may be more."""
    return connection.execute(_SWEEP, (now,)).rowcount == SWEPT_AT_ONCE
