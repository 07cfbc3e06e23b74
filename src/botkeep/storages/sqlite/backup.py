"""An online copy of a SQLite database (sqlite.org/backup.html), complete or not there at all."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from botkeep.errors import StorageUnavailableError
from botkeep.storages.sqlite.errors import translated

if TYPE_CHECKING:
    from botkeep.storages.sqlite.connection import BatchingConnection


async def back_up(source: str, target: str, connection: BatchingConnection, name: str) -> None:
    """Copy the database at ``source``, which ``connection`` has open, to ``target``."""
    try:
        if source == ":memory:":
            await connection.run(lambda database: _copy_to(database, target))
        else:
            await asyncio.to_thread(_copy_file, source, target)
    except sqlite3.Error as exc:
        raise translated(exc, f"the backup {target!r} of {name}") from exc
    except OSError as exc:
        raise StorageUnavailableError(f"the backup {target!r} of {name}", str(exc)) from exc


def _copy_file(source: str, target: str) -> None:
    if Path(target).exists() and Path(target).samefile(source):
        raise ValueError(f"{target}: a backup needs another path than the database itself")
    # A connection of its own reads one snapshot of the WAL, while the storage goes on writing.
    with closing(sqlite3.connect(source)) as database:
        _copy_to(database, target)


def _copy_to(database: sqlite3.Connection, target: str) -> None:
    unfinished = Path(f"{target}.unfinished-{os.getpid()}")
    try:
        _copy(database, unfinished)
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _copy(database: sqlite3.Connection, target: Path) -> None:
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as copy:
        database.backup(copy)
        # One file, without a WAL beside it, is what one wants to carry away.
        copy.execute("PRAGMA journal_mode = delete")
        (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
    if verdict not in ("ok", b"ok"):
        raise sqlite3.DatabaseError(f"database disk image is malformed: {verdict}")
