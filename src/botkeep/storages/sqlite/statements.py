"""What SQLiteStorage's hooks do to the table: each a function to be run on the connection's thread.

Each reads all that it has to before its only change, so that a failure leaves no half; but `add_many`, whose
documents have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from botkeep._core.operations import Delete, Operation, Put, Stored, postponed
from botkeep.errors import CorruptDocumentError
from botkeep.patterns import after
from botkeep.storages.sqlite.checksums import DAMAGED, damaged, damaged_keys
from botkeep.storages.sqlite.table import LIVE

if TYPE_CHECKING:
    import sqlite3

    from botkeep._core.clock import SteadyClock
    from botkeep.storages.sqlite.table import DocumentTable, Key

Result = TypeVar("Result")

PAGE: Final = 1000
"""Identifiers read at once by a scan."""

ALL: Final[Key] = ("", "")
"""Stands for every document: no identifier is empty."""

SWEPT_AT_ONCE: Final = 100
"""Expired rows removed in one transaction, so that no caller waits for a hundred thousand of them."""


class Statement(Generic[Result]):
    """One call's work.

    Args:
        run: takes the table and returns the call's result.
        changes: the document that it may change, or `ALL`; None: it only reads, and needs no write
            transaction.
        reads: the document that it reads before all else; None: it does not begin so.
    """

    __slots__ = ("changes", "reads", "run")

    run: Callable[[DocumentTable], Result]
    changes: Key | None
    reads: Key | None

    def __init__(
        self, run: Callable[[DocumentTable], Result], changes: Key | None, reads: Key | None = None
    ) -> None:
        self.run = run
        self.changes = changes
        self.reads = reads

    @property
    def is_of_one_document(self) -> bool:
        """Whether it deals with one document alone."""
        return self.reads is not None or self.changes not in (None, ALL)


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


_SCAN: Final = f"""
SELECT identifier FROM documents
WHERE namespace = ? AND identifier >= CAST(? AS TEXT) AND identifier < ? AND {LIVE}
ORDER BY identifier LIMIT {PAGE}
"""  # noqa: S608 # constants
# From one namespace to the next along the primary key: a million rows in three namespaces are three steps.
_NAMESPACES: Final = f"""
WITH RECURSIVE steps (path) AS (
    SELECT min(namespace) FROM documents
    UNION ALL
    SELECT (SELECT min(namespace) FROM documents WHERE namespace > path) FROM steps WHERE path IS NOT NULL
)
SELECT path FROM steps WHERE EXISTS (SELECT 1 FROM documents WHERE namespace = path AND {LIVE})
"""  # noqa: S608 # constants
_COUNT: Final = f"SELECT count(*) FROM documents WHERE namespace = ? AND {LIVE}"  # noqa: S608 # constants
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


def get(namespace: str, identifier: str) -> Statement[bytes | None]:
    """Read a value; None when absent."""
    key = (namespace, identifier)

    def run(table: DocumentTable) -> bytes | None:
        found = table.find(key)
        return None if found is None else found.value

    return Statement(run, changes=None, reads=key)


def get_expiry(namespace: str, identifier: str) -> Statement[float | None]:
    """Read an expiry; None when absent, inf for never."""
    key = (namespace, identifier)

    def run(table: DocumentTable) -> float | None:
        found = table.find(key)
        return None if found is None else found.expires_at

    return Statement(run, changes=None, reads=key)


def get_many(namespace: str, identifiers: Sequence[str]) -> Statement[list[Stored | None]]:
    """Read many entries."""
    keys = [(namespace, identifier) for identifier in identifiers]

    def run(table: DocumentTable) -> list[Stored | None]:
        table.fetch(keys)
        return [table.find(key) for key in keys]

    return Statement(run, changes=None)


def add_many(namespace: str, documents: Mapping[str, Stored]) -> Statement[list[bool]]:
    """Store what is absent; return of each whether it was."""
    new = {(namespace, identifier): stored for identifier, stored in documents.items()}

    def add(table: DocumentTable, key: Key, stored: Stored) -> bool:
        try:
            absent = table.find(key) is None
        except CorruptDocumentError:
            return False  # it is there, and is not overwritten
        if absent:
            table.put(key, stored)
        return absent

    def run(table: DocumentTable) -> list[bool]:
        table.fetch(new)
        return [add(table, key, stored) for key, stored in new.items()]

    return Statement(run, changes=ALL)


def apply(
    namespace: str, identifier: str, operation: Operation[Result], clock: SteadyClock
) -> Statement[Result]:
    """Apply an operation; `Put` and `Delete` without a read, as far as they need none.

    Args:
        namespace: the path of the namespace.
        identifier: the key.
        operation: what to do; its expiry was computed by the clock as it is now.
        clock: the storage's clock, which may learn on the way that it is behind the data.
    """
    key, made = (namespace, identifier), clock.ahead
    step = _STEPS.get(type(operation))

    def run(table: DocumentTable) -> Result:
        behind = clock.ahead - made
        if behind:
            return _read_and_write(table, key, postponed(operation, behind))
        result: Result = (step or _read_and_write)(table, key, operation)
        return result

    only_reads = getattr(operation, "changes_nothing", False)
    return Statement(run, None if only_reads else key, key if step is None else None)


def _replace(table: DocumentTable, key: Key, operation: Put) -> None:
    if operation.expiry.keep:
        _read_and_write(table, key, operation)
    else:
        table.put(key, Stored(operation.value, operation.expiry.at))


def _delete(table: DocumentTable, key: Key, _: Operation[Any]) -> bool:
    return table.delete(key)


def _read_and_write(table: DocumentTable, key: Key, operation: Operation[Result]) -> Result:
    old = table.find(key)
    entry, result = operation(old, table.now)
    if entry is None and old is not None:
        table.delete(key)
    elif entry is not None and entry is not old:
        table.put(key, entry)
    return result


_STEPS: Final[Mapping[type, Callable[..., Any]]] = {Put: _replace, Delete: _delete}
"""The operations that need not read; every other reads, is made in Python, and written."""


def page(namespace: str, prefix: str, start: bytes) -> Statement[Page]:
    """Read the next identifiers with the prefix, from ``start`` on."""
    following = after(prefix)
    end = _BEHIND_ALL_TEXT if following is None else following

    def run(table: DocumentTable) -> Page:
        rows: list[tuple[bytes]] = table.flush().execute(_SCAN, (namespace, start, end, table.now)).fetchall()
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

    def run(table: DocumentTable) -> list[str]:
        paths = [path for (path,) in table.flush().execute(_NAMESPACES, (table.now,))]
        try:
            return [path.decode() for path in paths]
        except UnicodeDecodeError as exc:
            raise damaged(exc.object.decode(errors="backslashreplace")) from exc

    return Statement(run, changes=None)


def clear(namespace: str) -> Statement[int]:
    """Remove all documents of a namespace; count the live ones."""

    def run(table: DocumentTable) -> int:
        connection = table.flush()
        (count,) = connection.execute(_COUNT, (namespace, table.now)).fetchone()
        connection.execute(_CLEAR, (namespace,))
        return int(count)

    return Statement(run, changes=ALL)


def set_damaged_aside() -> Statement[list[str]]:
    """Move damaged rows into the table ``damaged_documents``; return their identifiers."""

    def run(table: DocumentTable) -> list[str]:
        connection = table.flush()
        identifiers = [identifier for _, identifier in damaged_keys(connection)]
        for statement in _SET_ASIDE:
            connection.execute(statement)
        return identifiers

    return Statement(run, changes=ALL)


def sweep(connection: sqlite3.Connection, now: float) -> bool:
    """Remove some expired rows; True if there may be more."""
    return connection.execute(_SWEEP, (now, now)).rowcount == SWEPT_AT_ONCE
