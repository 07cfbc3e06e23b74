"""What SQLiteStorage's hooks do to the table: each a function to be run on the connection's thread.

Each makes its only change in one SQL statement, after what it has to read, so that a failure leaves no half;
but `add_many`, whose documents have nothing to do with each other.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from botkeep._core import counters
from botkeep.hooks import Stored, Swap, Write
from botkeep.patterns import after
from botkeep.ratelimit.decisions import Decision, Limits, decide
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


def put(namespace: str, identifier: str, value: bytes, expiry: Expiry) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> None:
        _put(connection, now, namespace, identifier, value, expiry)

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


def touch(namespace: str, identifier: str, expires_at: float) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> bool:
        return connection.execute(_TOUCH, (_column(expires_at), namespace, identifier, now)).rowcount > 0

    return Statement(run, writes=True)


def delete(namespace: str, identifier: str) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> bool:
        return connection.execute(_DELETE, (namespace, identifier, now)).rowcount > 0

    return Statement(run, writes=True)


def compare_and_set(
    namespace: str, identifier: str, value: bytes, expected: bytes | None, expiry: Expiry
) -> Statement:
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


def increment(namespace: str, identifier: str, amount: int, expiry: Expiry) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> int:
        row = connection.execute(_SELECT, (namespace, identifier, now)).fetchone()
        total = counters.total(None if row is None else row[0], amount, identifier)
        _put(connection, now, namespace, identifier, b"%d" % total, expiry)
        return total

    return Statement(run, writes=True)


def hit(namespace: str, identifier: str, limits: Limits, cost: int) -> Statement:
    def run(connection: sqlite3.Connection, now: float) -> Decision:
        row = connection.execute(_SELECT, (namespace, identifier, now)).fetchone()
        decision = decide(None if row is None else row[0], limits, cost, now, identifier)
        if decision.allowed:
            expiry = Expiry(decision.expires_at, keep=False)
            _put(connection, now, namespace, identifier, decision.value, expiry)
        return decision

    return Statement(run, writes=True)


def rewrite(namespace: str, identifier: str, step: Callable[[bytes | None], Write | None]) -> Statement:
    """Read a value, show it to ``step`` and write what that returns."""

    def run(connection: sqlite3.Connection, now: float) -> None:
        row = connection.execute(_SELECT, (namespace, identifier, now)).fetchone()
        write = step(None if row is None else row[0])
        if write is not None:
            _put(connection, now, namespace, identifier, write.value, write.expiry)

    return Statement(run, writes=True)


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
