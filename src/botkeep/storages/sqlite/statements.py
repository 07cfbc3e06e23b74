"""What SQLiteStorage's hooks do to the table: each a function to be run on the connection's thread.

Each makes its only change in one SQL statement, after what it has to read, so that a failure leaves no half;
but `add_many`, whose documents have nothing to do with each other.

Whether a row is live is decided after its checksum was compared: a damaged expiry makes no document absent.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from botkeep._core.operations import Delete, Operation, Put, Stored, postponed
from botkeep.errors import CorruptDocumentError
from botkeep.patterns import after
from botkeep.storages.sqlite.checksums import DAMAGED, EDITED, checksum, damaged, damaged_keys

if TYPE_CHECKING:
    from botkeep._core.clock import SteadyClock

Result = TypeVar("Result")

PAGE: Final = 1000
"""Identifiers read at once by a scan."""

Key: TypeAlias = "tuple[str, str]"
"""Namespace and identifier."""

ALL: Final[Key] = ("", "")
"""Stands for every document: no identifier is empty."""

SWEPT_AT_ONCE: Final = 100
"""Expired rows removed in one transaction, so that no caller waits for a hundred thousand of them."""


@dataclass(slots=True)
class Statement(Generic[Result]):
    """One call's work.

    Attributes:
        run: takes the connection and the time (seconds since the epoch); returns the call's result.
        changes: the document that it may change, or `ALL`; None: it only reads, and needs no write
            transaction.
    """

    run: Callable[[sqlite3.Connection, float], Result]
    changes: Key | None


class Page(NamedTuple):
    """What a step of a scan found.

    Attributes:
        identifiers: in order.
        unreadable: identifiers that are no text, with what is no text escaped.
        following: where the next step begins; None: there is no more.
    """

    identifiers: list[str]
    unreadable: list[str]
    following: bytes | None


# A damaged row counts as live: it was not removed, and who asks for it gets an error.
_LIVE: Final = f"(expires_at IS NULL OR expires_at > ? OR {DAMAGED})"
_KEY: Final = "namespace = ? AND identifier = ?"
_SELECT: Final = f"SELECT value, expires_at, checksum FROM documents WHERE {_KEY}"  # noqa: S608 # constants
_UPSERT: Final = """
INSERT INTO documents (namespace, identifier, value, expires_at, checksum) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (namespace, identifier) DO UPDATE
SET value = excluded.value, expires_at = excluded.expires_at, checksum = excluded.checksum
"""
_DELETE: Final = f"DELETE FROM documents WHERE {_KEY} AND {_LIVE}"  # noqa: S608 # constants
_SCAN: Final = f"""
SELECT identifier FROM documents
WHERE namespace = ? AND identifier >= CAST(? AS TEXT) AND identifier < ? AND {_LIVE}
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
) AND expires_at <= ? AND NOT {DAMAGED}
"""  # noqa: S608 # constants

_SET_ASIDE: Final = (
    "CREATE TABLE IF NOT EXISTS damaged_documents AS SELECT * FROM documents WHERE false",
    f"INSERT INTO damaged_documents SELECT * FROM documents NOT INDEXED WHERE {DAMAGED}",  # noqa: S608
    f"DELETE FROM documents WHERE {DAMAGED}",  # noqa: S608 # constants
)

# SQLite sorts every BLOB behind every TEXT (sqlite.org/datatype3.html#sort_order).
_BEHIND_ALL_TEXT: Final = b""


def find(connection: sqlite3.Connection, now: float, namespace: str, identifier: str) -> Stored | None:
    """Return a live document; None: there is none.

    Raises:
        CorruptDocumentError: its checksum does not match.
    """
    row = connection.execute(_SELECT, (namespace, identifier)).fetchone()
    if row is None:
        return None
    value, expires_at, found = row
    if type(value) is not bytes or (
        found != checksum(namespace, identifier, value, expires_at) and found != EDITED
    ):
        raise damaged(identifier)
    if expires_at is None:
        return Stored(value, math.inf)
    return Stored(value, expires_at) if expires_at > now else None


def _put(connection: sqlite3.Connection, namespace: str, identifier: str, stored: Stored) -> None:
    value, expires_at = stored.value, None if stored.expires_at == math.inf else stored.expires_at
    proof = checksum(namespace, identifier, value, expires_at)
    connection.execute(_UPSERT, (namespace, identifier, value.decode(), expires_at, proof))


def get(namespace: str, identifier: str) -> Statement[bytes | None]:
    """Read a value; None when absent."""

    def run(connection: sqlite3.Connection, now: float) -> bytes | None:
        found = find(connection, now, namespace, identifier)
        return None if found is None else found.value

    return Statement(run, changes=None)


def get_expiry(namespace: str, identifier: str) -> Statement[float | None]:
    """Read an expiry; None when absent, inf for never."""

    def run(connection: sqlite3.Connection, now: float) -> float | None:
        found = find(connection, now, namespace, identifier)
        return None if found is None else found.expires_at

    return Statement(run, changes=None)


def get_many(namespace: str, identifiers: Sequence[str]) -> Statement[list[Stored | None]]:
    """Read many entries."""

    def run(connection: sqlite3.Connection, now: float) -> list[Stored | None]:
        return [find(connection, now, namespace, identifier) for identifier in identifiers]

    return Statement(run, changes=None)


def add_many(namespace: str, documents: Mapping[str, Stored]) -> Statement[list[bool]]:
    """Store what is absent; return of each whether it was."""

    def add(connection: sqlite3.Connection, now: float, identifier: str, stored: Stored) -> bool:
        try:
            absent = find(connection, now, namespace, identifier) is None
        except CorruptDocumentError:
            return False  # it is there, and is not overwritten
        if absent:
            _put(connection, namespace, identifier, stored)
        return absent

    def run(connection: sqlite3.Connection, now: float) -> list[bool]:
        return [add(connection, now, identifier, stored) for identifier, stored in documents.items()]

    return Statement(run, changes=ALL)


def apply(
    namespace: str, identifier: str, operation: Operation[Result], clock: SteadyClock
) -> Statement[Result]:
    """Apply an operation; `Put` and `Delete` in one SQL statement, as far as they need not read.

    Args:
        namespace: the path of the namespace.
        identifier: the key.
        operation: what to do; its expiry was computed by the clock as it is now.
        clock: the storage's clock, which may learn on the way that it is behind the data.
    """
    made, step = clock.ahead, _STEPS.get(type(operation), _read_and_write)

    def run(connection: sqlite3.Connection, now: float) -> Result:
        behind = clock.ahead - made
        if behind:
            return _read_and_write(connection, now, namespace, identifier, postponed(operation, behind))
        result: Result = step(connection, now, namespace, identifier, operation)
        return result

    only_reads = getattr(operation, "changes_nothing", False)
    return Statement(run, changes=None if only_reads else (namespace, identifier))


def _replace(
    connection: sqlite3.Connection, now: float, namespace: str, identifier: str, operation: Put
) -> None:
    if operation.expiry.keep:
        _read_and_write(connection, now, namespace, identifier, operation)
    else:
        _put(connection, namespace, identifier, Stored(operation.value, operation.expiry.at))


def _delete(
    connection: sqlite3.Connection, now: float, namespace: str, identifier: str, _: Operation[Any]
) -> bool:
    return connection.execute(_DELETE, (namespace, identifier, now)).rowcount > 0


def _read_and_write(
    connection: sqlite3.Connection,
    now: float,
    namespace: str,
    identifier: str,
    operation: Operation[Result],
) -> Result:
    old = find(connection, now, namespace, identifier)
    entry, result = operation(old, now)
    if entry is None and old is not None:
        connection.execute(_DELETE, (namespace, identifier, now))
    elif entry is not None and entry is not old:
        _put(connection, namespace, identifier, entry)
    return result


_STEPS: Final[Mapping[type, Callable[..., Any]]] = {Put: _replace, Delete: _delete}
"""The operations that are one SQL statement; every other is read, made in Python, and written."""


def page(namespace: str, prefix: str, start: bytes) -> Statement[Page]:
    """Read the next identifiers with the prefix, from ``start`` on."""
    following = after(prefix)
    end = _BEHIND_ALL_TEXT if following is None else following

    def run(connection: sqlite3.Connection, now: float) -> Page:
        rows: list[tuple[bytes]] = connection.execute(_SCAN, (namespace, start, end, now)).fetchall()
        result = Page([], [], None if len(rows) < PAGE else rows[-1][0] + b"\0")
        for (identifier,) in rows:
            try:
                result.identifiers.append(identifier.decode())
            except UnicodeDecodeError:
                result.unreadable.append(identifier.decode(errors="backslashreplace"))
        return result

    return Statement(run, changes=None)


def namespaces() -> Statement[list[str]]:
    """Read the paths of all namespaces that hold a live document."""

    def run(connection: sqlite3.Connection, now: float) -> list[str]:
        paths = [path for (path,) in connection.execute(_NAMESPACES, (now,))]
        try:
            return [path.decode() for path in paths]
        except UnicodeDecodeError as exc:
            raise damaged(exc.object.decode(errors="backslashreplace")) from exc

    return Statement(run, changes=None)


def clear(namespace: str) -> Statement[int]:
    """Remove all documents of a namespace; count the live ones."""

    def run(connection: sqlite3.Connection, now: float) -> int:
        (count,) = connection.execute(_COUNT, (namespace, now)).fetchone()
        connection.execute(_CLEAR, (namespace,))
        return int(count)

    return Statement(run, changes=ALL)


def set_damaged_aside() -> Statement[list[str]]:
    """Move damaged rows into the table ``damaged_documents``; return their identifiers."""

    def run(connection: sqlite3.Connection, _: float) -> list[str]:
        identifiers = [identifier for _, identifier in damaged_keys(connection)]
        for statement in _SET_ASIDE:
            connection.execute(statement)
        return identifiers

    return Statement(run, changes=ALL)


def sweep(connection: sqlite3.Connection, now: float) -> bool:
    """Remove some expired rows; True if there may be more."""
    return connection.execute(_SWEEP, (now, now)).rowcount == SWEPT_AT_ONCE
