"""What SQLite's errors mean for a bot: the one place where they become ours.

The texts are those of ``sqlite3_errstr`` (sqlite.org/rescode.html); Python 3.10 has no error codes.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from botkeep.errors import (
    OutcomeUnknownError,
    StorageClosedError,
    StorageError,
    StorageFormatError,
    StorageUnavailableError,
)

_LOCKED: Final = ("database is locked", "database table is locked", "database schema is locked")

_ADVICE: Final = {
    "attempt to write a readonly database": "the file is read-only; give this process the right to write it",
    "database or disk is full": "the disk is full; nothing of this was written; free some space",
    "unable to open database file": "the file cannot be opened; check the rights on it and on its folder",
    "disk I/O error": "the disk failed; check it, and the file with `PRAGMA quick_check`",
}

_FORMAT: Final = {
    "file is not a database": "this is not a SQLite database; it was left as it is: choose another path",
    **dict.fromkeys(
        (
            "database disk image is malformed",
            "malformed database schema",
            "unsupported file format",
            "no such table",
            "no such column",
        ),
        "the database is damaged; restore a backup, or use `.recover` of sqlite3",
    ),
}


def is_locked(error: Exception) -> bool:
    """Whether another connection holds the lock: the one error that waiting cures."""
    return str(error).startswith(_LOCKED)


def translate_error(error: sqlite3.Error, storage: str, *, committing: bool = False) -> StorageError:
    """Return our error for one of SQLite's, caused by it.

    Args:
        error: what SQLite raised.
        storage: which storage, for the message.
        committing: it was COMMIT that failed, so that a failing disk may have kept the commit or not.
    """
    ours = _translation(str(error), storage, committing=committing)
    ours.__cause__ = error
    return ours


def _translation(text: str, storage: str, *, committing: bool) -> StorageError:
    if text.startswith("Cannot operate on a closed database"):
        return StorageClosedError(storage)
    for message, reason in _FORMAT.items():
        if text.startswith(message):
            return StorageFormatError(storage, reason)
    if text.startswith(_LOCKED):
        return StorageUnavailableError(storage, "another connection kept the file locked for too long")
    if committing and text.startswith("disk I/O error"):
        return OutcomeUnknownError(storage, _ADVICE["disk I/O error"])
    for message, reason in _ADVICE.items():
        if text.startswith(message):
            return StorageUnavailableError(storage, reason)
    return StorageUnavailableError(storage, text)
