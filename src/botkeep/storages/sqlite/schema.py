"""The SQLite file: how it is opened, checked and laid out.

One table, readable with any SQLite tool: ``SELECT * FROM documents``. ``value`` is JSON text, ``expires_at``
seconds since the epoch or NULL for never.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final, Literal, TypeAlias

from botkeep._files.network_mounts import network_file_system
from botkeep.errors import StorageFormatError, StorageUnavailableError
from botkeep.storages.sqlite.errors import is_locked
from botkeep.storages.sqlite.write_lock import pause

Durability: TypeAlias = Literal["full", "normal"]

VERSION: Final = 1
"""Kept in ``PRAGMA user_version``."""

APPLICATION: Final = 0x486F6C64
"""Kept in ``PRAGMA application_id``; it has stayed what version 0.1 wrote."""

_TABLE: Final = """
CREATE TABLE documents (
    namespace TEXT NOT NULL,
    identifier TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at REAL,
    PRIMARY KEY (namespace, identifier)
) STRICT
"""

_EXPIRIES: Final = "CREATE INDEX expiries ON documents (expires_at) WHERE expires_at IS NOT NULL"

_OLDEST_SQLITE: Final = (3, 37, 0)  # STRICT tables; RETURNING and upserts are older


def connect(path: str, durability: Durability, patience: float) -> sqlite3.Connection:
    """Open the file, creating it if need be, in WAL mode.

    Args:
        path: a file path, or ":memory:".
        durability: "full": a commit is on the disk; "normal": it is with the operating system.
        patience: seconds to wait for another process that opens the same file.

    Raises:
        StorageFormatError: the file is not ours, or of a newer version.
        StorageUnavailableError: SQLite is too old, or cannot use WAL here.
        sqlite3.Error: what SQLite says of the file.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StorageUnavailableError(path, f"SQLite {sqlite3.sqlite_version} is too old; 3.37 is needed")
    if path != ":memory:" and (kind := network_file_system(Path(path))) is not None:
        # Its WAL needs memory that all processes share (sqlite.org/wal.html): commits would get lost.
        raise StorageUnavailableError(path, f"{kind} is a network file system: put the file on a local disk")
    deadline = time.monotonic() + patience
    while True:
        try:
            return _opened(path, durability, max(0.0, deadline - time.monotonic()))
        except sqlite3.OperationalError as exc:
            # Changing to WAL does not wait for others that are at the same: SQLite fears a deadlock.
            if not is_locked(exc) or time.monotonic() > deadline:
                raise
        pause()


def _opened(path: str, durability: Durability, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        _prepare(connection, path, durability)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str, durability: Durability) -> None:
    # One moment of the file: another process may be creating it right now.
    connection.execute("BEGIN")
    _check_owner(connection, path)
    connection.execute("COMMIT")
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
    # From here on waiting is ours: SQLite's own steps grow to 100 ms and starve the unlucky.
    connection.execute("PRAGMA busy_timeout = 0")
    connection.text_factory = bytes


def _check_owner(connection: sqlite3.Connection, path: str) -> None:
    """Refuse, before anything is written, what another application or a newer version made."""
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


def _create(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        _check_owner(connection, path)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.execute(_TABLE)
            connection.execute(_EXPIRIES)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
