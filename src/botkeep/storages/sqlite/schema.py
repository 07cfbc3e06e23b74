"""The SQLite file: how it is opened, checked and laid out.

One table, readable with any SQLite tool: ``SELECT * FROM documents``. ``value`` is JSON text, ``expires_at``
seconds since the epoch or NULL for never, ``checksum`` as `botkeep.storages.sqlite.checksums` computes it.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from botkeep._files.errors import unavailable
from botkeep._files.network_mounts import check_not_mounted_alone, check_shared_memory
from botkeep.errors import StorageFormatError, StorageUnavailableError
from botkeep.storages.sqlite.checksums import FUNCTION, checksum_in_sql, damaged_keys
from botkeep.storages.sqlite.errors import is_locked
from botkeep.storages.sqlite.origin import Properties, keep_foreign_log_away, new_id, write_properties
from botkeep.storages.sqlite.write_lock import pause

if TYPE_CHECKING:
    from botkeep.storages.sqlite.write_lock import WriteLock

Durability: TypeAlias = Literal["full", "normal"]

VERSION: Final = 2
"""Kept in ``PRAGMA user_version``. 1, without checksums, is what version 0.1 wrote."""

APPLICATION: Final = 0x486F6C64
"""Kept in ``PRAGMA application_id``; it has stayed what version 0.1 wrote."""

CHECKED_BYTES: Final = 32 * 1024 * 1024
"""Up to this size every page and every checksum is looked at when the file is opened."""

_TABLE: Final = """
CREATE TABLE documents (
    namespace TEXT NOT NULL,
    identifier TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at REAL,
    checksum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (namespace, identifier)
) STRICT
"""

_EXPIRIES: Final = "CREATE INDEX expiries ON documents (expires_at) WHERE expires_at IS NOT NULL"

_PROPERTIES: Final = """
CREATE TABLE file_properties (run TEXT NOT NULL, clock REAL NOT NULL, checksum INTEGER NOT NULL) STRICT
"""
"""One row: what `botkeep.storages.sqlite.origin` reads and writes."""

_UPGRADE: Final = (
    "ALTER TABLE documents ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0",
    f"""
    UPDATE documents SET checksum = coalesce({FUNCTION}(
        CAST(namespace AS BLOB), CAST(identifier AS BLOB), CAST(value AS BLOB), expires_at
    ), 0)
    """,  # noqa: S608 # constants
    _PROPERTIES,
)

_OLDEST_SQLITE: Final = (3, 37, 0)  # STRICT tables; RETURNING and upserts are older

_logger = logging.getLogger(__name__)


def connect(path: str, durability: Durability, lock: WriteLock, lock_timeout: float) -> sqlite3.Connection:
    """Open the file, creating it if need be, in WAL mode; a file of version 0.1 is upgraded.

    Args:
        path: a resolved file path, or ":memory:".
        durability: "full": a commit is on the disk; "normal": it is with the operating system.
        lock: the write lock of this path.
        lock_timeout: seconds to wait for another process that opens the same file.

    Raises:
        StorageFormatError: the file is not ours, damaged, or of a newer version.
        StorageUnavailableError: SQLite is too old, or cannot use WAL here.
        sqlite3.Error: what SQLite says of the file.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StorageUnavailableError(path, f"SQLite {sqlite3.sqlite_version} is too old; 3.37 is needed")
    if path != ":memory:":
        check_shared_memory(Path(path))
        check_not_mounted_alone(Path(path))
    deadline = time.monotonic() + lock_timeout
    while True:
        try:
            return _opened(path, durability, lock, max(0.0, deadline - time.monotonic()))
        except sqlite3.OperationalError as exc:
            # Changing to WAL does not wait for others that are at the same: SQLite fears a deadlock.
            if not is_locked(exc) or time.monotonic() > deadline:
                raise
        pause()


def _opened(path: str, durability: Durability, lock: WriteLock, lock_timeout: float) -> sqlite3.Connection:
    if path != ":memory:":
        keep_foreign_log_away(path, lock)
        _make_private(path)
    # For any thread: one that gives up opening it closes it. All else is done on a thread of its own.
    connection = sqlite3.connect(path, timeout=lock_timeout, isolation_level=None, check_same_thread=False)
    try:
        connection.create_function(FUNCTION, 4, checksum_in_sql, deterministic=True)
        _prepare(connection, path, durability)
    except UnicodeDecodeError as exc:
        # What SQLite says of a schema that is no text any more.
        connection.close()
        raise _damage(path, "its schema is no text") from exc
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: str) -> None:
    """Create the file for its owner alone, unless it is there; SQLite gives the log the same mode."""
    try:
        if Path(path).is_dir():
            raise StorageUnavailableError(path, "a folder lies where the file should be; choose another path")
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as exc:
        raise unavailable(exc, path) from exc


def _prepare(connection: sqlite3.Connection, path: str, durability: Durability) -> None:
    # One moment of the file: another process may be creating it right now.
    connection.execute("BEGIN")
    version = check_owner(connection, path)
    connection.execute("COMMIT")
    if version == 1:
        _upgrade(connection, path)
    (mode,) = connection.execute("PRAGMA journal_mode = wal").fetchone()
    if mode not in ("wal", "memory"):
        raise StorageUnavailableError(
            path, f"journal mode {mode!r} instead of WAL: put the file on a local disk"
        )
    connection.execute(f"PRAGMA synchronous = {durability}")
    # macOS: a plain fsync leaves the data in the drive's cache (sqlite.org/pragma.html#pragma_fullfsync).
    connection.execute(f"PRAGMA fullfsync = {int(durability == 'full')}")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    # KiB, taken as needed: the keys of a million documents stay in memory, so that a read costs one page.
    connection.execute("PRAGMA cache_size = -65536")
    _create(connection, path)
    check_contents(connection, path)
    # From here on waiting is ours: SQLite's own steps grow to 100 ms and starve the unlucky.
    connection.execute("PRAGMA busy_timeout = 0")
    connection.text_factory = bytes


def check_owner(connection: sqlite3.Connection, path: str) -> int:
    """Return the version of the layout; refuse what another application or a newer version made."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (application or version or tables):
        raise StorageFormatError(
            path, "a SQLite database of another application; give Botkeep a file of its own"
        )
    if version > VERSION:
        raise StorageFormatError(
            path,
            f"written by a newer Botkeep (schema {version}, this one knows {VERSION}); upgrade botkeep",
        )
    if (version == 0) != (tables == 0):
        raise _damage(path, f"schema version {version} with {tables} tables and indexes")
    return int(version)


def check_contents(connection: sqlite3.Connection, path: str) -> None:
    """Look for damage in a file of up to `CHECKED_BYTES`.

    Raises:
        StorageFormatError: the file's structure is damaged: what is in it cannot be found with certainty.

    A damaged document is logged: reading it raises `CorruptDocumentError`, and the others are served.
    """
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    if pages * page_size > CHECKED_BYTES:
        return
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    (encoding,) = connection.execute("PRAGMA encoding").fetchone()
    if (verdict, encoding) != ("ok", "UTF-8"):
        raise _damage(path, f"{verdict}, {encoding}")
    for namespace, identifier in damaged_keys(connection):
        _logger.warning("%s: the document %r (namespace %r) is damaged", path, identifier, namespace)


def _damage(path: str, what: str) -> StorageFormatError:
    return StorageFormatError(
        path, f"the database is damaged ({what}); restore a backup, or use `.recover` of sqlite3"
    )


def _upgrade(connection: sqlite3.Connection, path: str) -> None:
    """Give a file of version 0.1 its checksums.

    Nobody may have it open meanwhile: a process of version 0.1 would go on writing without checksums. Leaving
    WAL mode is what SQLite allows to the only one that has a database open.
    """
    connection.execute("PRAGMA journal_mode = delete").fetchone()
    _create(connection, path)


def _create(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check_owner(connection, path)
        if version < VERSION:
            for statement in (_TABLE, _EXPIRIES, _PROPERTIES) if version == 0 else _UPGRADE:
                connection.execute(statement)
            write_properties(connection, Properties(new_id(), 0.0))
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
