"""Which database a write-ahead log (``-wal``) belongs to, so that it is never applied to another one.

A killed process leaves its ``-wal``, and the next to open the database applies it: SQLite looks at the log's
own checksums alone. Somebody who has put an older backup in the place of the database would get a mixture.

So a database carries an id that changes: at the first write after it was opened, and in each backup. The id
is written into the database file itself, past the log, and into the lock file beside it. At opening, a log
beside a database whose id is not that of the lock file is moved out of the way.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

from botkeep._files.quarantine import quarantine

if TYPE_CHECKING:
    from botkeep.storages.sqlite.write_lock import WriteLock

_ID: Final = re.compile(rb"[0-9a-f]{16}")

SELECT_CLOCK: Final = "SELECT clock FROM file_properties"

_logger = logging.getLogger(__name__)


def new_id() -> str:
    """Return an id for a database: 16 hexadecimal digits."""
    return secrets.token_hex(8)


class Properties(NamedTuple):
    """The row of ``file_properties``.

    Attributes:
        run: the database's id.
        clock: the latest time that was seen with the data, in seconds since the epoch; at most a second old.
    """

    run: str
    clock: float

    def checksum(self) -> int:
        """Return the checksum that goes with the row."""
        return crc32(f"{self.run}\0{self.clock!r}".encode())


def read_properties(connection: sqlite3.Connection) -> Properties | None:
    """Return what the database says of itself; None: that is damaged, or not there yet."""
    try:
        row = connection.execute("SELECT CAST(run AS BLOB), clock, checksum FROM file_properties").fetchone()
        properties = Properties(row[0].decode(), row[1])
    except (sqlite3.DatabaseError, TypeError, AttributeError, UnicodeDecodeError):
        return None
    return properties if row[2] == properties.checksum() else None


def write_properties(connection: sqlite3.Connection, properties: Properties) -> None:
    """Store what the database says of itself; in the caller's transaction."""
    connection.execute("DELETE FROM file_properties")
    row = (*properties, properties.checksum())
    connection.execute("INSERT INTO file_properties (run, clock, checksum) VALUES (?, ?, ?)", row)


def write_clock(connection: sqlite3.Connection, now: float) -> float:
    """Store the latest time seen, in the caller's transaction; return it."""
    properties = read_properties(connection)
    if properties is not None:
        write_properties(connection, properties._replace(clock=now))
    return now


def renew_id(connection: sqlite3.Connection, lock: Path) -> bool:
    """Give the database a new id, once its log is empty; False: somebody reads from the log, try again later.

    The caller has the write lock. Until the new id has reached the database file the lock file names both: a
    crash in between harms nothing.
    """
    if not empty_log(connection):
        return False
    former = read_properties(connection) or Properties(new_id(), 0.0)
    run = new_id()
    _write_mark(lock, former.run, run)
    connection.execute("BEGIN IMMEDIATE")
    write_properties(connection, former._replace(run=run))
    connection.execute("COMMIT")
    if empty_log(connection):
        _write_mark(lock, run, run)
    return True


def empty_log(connection: sqlite3.Connection) -> bool:
    """Bring what is in the log into the database; False: somebody reads from it.

    The caller has the write lock.
    """
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def keep_foreign_log_away(path: str, lock: WriteLock) -> None:
    """Move the log beside a database out of the way if it belongs to another database."""
    if not _size(f"{path}-wal"):
        return
    with lock:  # nobody writes, or begins to, while the log is looked at
        if _is_foreign(path, lock.path):
            _set_log_aside(path)


def _set_log_aside(path: str) -> None:
    kept = quarantine(Path(f"{path}-wal"), "of-another-database")
    with suppress(FileNotFoundError):
        Path(f"{path}-shm").unlink()
    _logger.warning(
        "The write-ahead log beside %s belonged to another database than the one that lies there now (an "
        "older copy, say): it was not applied, and is kept as %s",
        path,
        kept.name,
    )


def _is_foreign(path: str, lock: Path) -> bool:
    if not _size(f"{path}-wal"):
        return False
    if not _size(path):
        return True  # the database was removed, its log was not
    known = _read_mark(lock)
    return bool(known) and _id_in_file(path) not in (None, *known)


def _id_in_file(path: str) -> str | None:
    """Return the id as the file has it, whatever is in the log; "": it has none, None: it cannot be read."""
    try:
        # Not open(): closing it would take from this process the locks that SQLite holds on the file.
        with closing(sqlite3.connect(f"{Path(path).as_uri()}?immutable=1", uri=True)) as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            found = read_properties(database)
    except sqlite3.Error:
        return None
    if found is not None:
        return found.run
    return "" if version == 1 else None


def _write_mark(lock: Path, *ids: str) -> None:
    descriptor = os.open(lock, os.O_WRONLY)
    try:
        os.write(descriptor, f"{' '.join(ids)}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_mark(lock: Path) -> list[str]:
    try:
        return [found.decode() for found in _ID.findall(lock.read_bytes())]
    except OSError:
        return []


def _size(path: str | Path) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
