"""An online copy of a SQLite database (sqlite.org/backup.html), complete or not there; and the way back."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from botkeep._files.atomic import flush_folder
from botkeep._files.errors import unavailable
from botkeep._files.paths import expanded
from botkeep._files.quarantine import quarantine, quarantine_copy
from botkeep._files.temporary import TemporaryFile, sweep
from botkeep.errors import StorageFormatError, StorageUnavailableError
from botkeep.storages.sqlite.checksums import FUNCTION, checksum_in_sql
from botkeep.storages.sqlite.errors import is_locked, translate_error
from botkeep.storages.sqlite.origin import (
    keep_foreign_log_away,
    new_id,
    read_properties,
    write_properties,
)
from botkeep.storages.sqlite.schema import check_contents, check_owner
from botkeep.storages.sqlite.write_lock import write_lock

if TYPE_CHECKING:
    from botkeep.storages.sqlite.connection import BatchingConnection


async def back_up(connection: BatchingConnection, target: str, name: str) -> None:
    """Copy the database that ``connection`` has open to ``target``."""
    path = _resolved(target)
    try:
        if connection.path == ":memory:":
            await connection.run(lambda database: _copy_to(database, path))
        else:
            connection.files.check()
            await asyncio.to_thread(_copy_file, connection.path, path)
            connection.files.check()
    except sqlite3.Error as exc:
        raise translate_error(exc, f"the backup {target!r} of {name}") from exc
    except OSError as exc:
        raise StorageUnavailableError(f"the backup {target!r} of {name}", str(exc)) from exc


def restore_file(backup: str, path: str) -> None:
    """Put a copy of a backup in the place of a database that nobody has open; keep what was there.

    Args:
        backup: the file that `back_up` made.
        path: the database, resolved.

    Raises:
        ValueError: they are the same file.
        StorageFormatError: the backup is damaged, or none of ours. Nothing was changed.
        StorageUnavailableError: somebody has the database open, or a file cannot be used.
    """
    source, target = _resolved(backup), Path(path)
    try:
        if target.exists() and target.samefile(source):
            raise ValueError(f"{source}: a backup needs another path than the database itself")
        with _open_existing(source) as database:
            _check_backup(database, str(source))
            _put_in_place(database, target)
    except sqlite3.Error as exc:
        raise translate_error(exc, f"restoring {str(target)!r} from {str(source)!r}") from exc
    except OSError as exc:
        raise unavailable(exc, f"restoring {str(target)!r} from {str(source)!r}") from exc


def restore_memory(backup: str, database: sqlite3.Connection) -> None:
    """Put what is in a backup in the place of all that is in a database in memory."""
    with _open_existing(expanded(backup)) as source:
        _check_backup(source, backup)
        source.backup(database)


def _resolved(path: str) -> Path:
    return Path(os.path.realpath(expanded(path)))


def _check_backup(database: sqlite3.Connection, place: str) -> None:
    if check_owner(database, place) == 0:
        raise StorageFormatError(place, "an empty database, not a backup")
    check_contents(database, place)


def _put_in_place(database: sqlite3.Connection, target: Path) -> None:
    lock = write_lock(str(target))
    keep_foreign_log_away(str(target), lock)
    try:
        with lock:
            _copy_to(database, target, keep_former=True)
    finally:
        lock.close()


def _copy_file(source: str, target: Path) -> None:
    if target.exists() and target.samefile(source):
        raise ValueError(f"{target}: a backup needs another path than the database itself")
    # A connection of its own reads one snapshot of the WAL, while the storage goes on writing.
    with _open_existing(Path(source)) as database:
        _copy_to(database, target)


def _open_existing(path: Path) -> closing[sqlite3.Connection]:
    """Open a database that is there; SQLite alone would create an empty one."""
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
    database.create_function(FUNCTION, 4, checksum_in_sql, deterministic=True)
    return closing(database)


def _copy_to(database: sqlite3.Connection, target: Path, *, keep_former: bool = False) -> None:
    sweep(target)
    with TemporaryFile(target, target) as unfinished:
        _copy(database, unfinished.path)
        unfinished.finish()
        _empty_log_beside(target)
        if keep_former and target.exists():
            quarantine_copy(target, "replaced")
        unfinished.replace_target()
    flush_folder(target.parent)


def _copy(database: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = off")
        copy.execute("PRAGMA synchronous = off")
        database.backup(copy)
    with target.open("rb+") as file:
        # Out of WAL mode (sqlite.org/fileformat2.html#file_format_version_numbers): one file, with nothing
        # beside it, is what one wants to carry away, and all that a kill can leave behind.
        file.seek(18)
        file.write(b"\1\1")
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = memory").fetchone()
        _give_new_id(copy)
        (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"database disk image is malformed: {verdict}")


def _give_new_id(copy: sqlite3.Connection) -> None:
    """Make the copy another database than the one it was made of: none of its logs belongs to this one."""
    properties = read_properties(copy)
    if properties is not None:
        copy.execute("BEGIN")
        write_properties(copy, properties._replace(run=new_id()))
        copy.execute("COMMIT")


def _empty_log_beside(target: Path) -> None:
    """Bring the log beside a database that is about to be replaced into it: it must not meet the new one.

    Raises:
        sqlite3.OperationalError: "database is locked": somebody has it open.
    """
    log = Path(f"{target}-wal")
    if not log.exists():
        return
    try:
        with _open_existing(target) as database:
            database.execute("PRAGMA busy_timeout = 1000")
            database.execute("PRAGMA journal_mode = delete").fetchone()
    except sqlite3.DatabaseError as exc:
        if is_locked(exc):
            raise
    if log.exists():
        quarantine(log, "unusable")
    with suppress(FileNotFoundError):
        Path(f"{target}-shm").unlink()
