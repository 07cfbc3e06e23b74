"""The files of an open database: noticed when they are removed or replaced while it is in use.

SQLite goes on writing into a file that has lost its name; what it acknowledges then is gone with the process.
"""

from __future__ import annotations

import os
from typing import Final

from botkeep.errors import StorageUnavailableError

_ENDINGS: Final = ("", "-wal", "-shm")


class DatabaseFiles:
    """The database at a path with its write-ahead log and shared memory, as they were when it was opened.

    Args:
        path: the database, open, with a first transaction behind it: so the other two are there.
        name: the storage's name, for errors.
    """

    def __init__(self, path: str, name: str) -> None:
        self._name = name
        self._opened = [(file, _identity(file)) for file in (f"{path}{ending}" for ending in _ENDINGS)]

    def check(self) -> None:
        """Raise unless every file is still the one that was opened.

        Raises:
            StorageUnavailableError: one was removed, or another one has taken its place.
        """
        for file, opened in self._opened:
            if _identity(file) != opened:
                raise StorageUnavailableError(
                    self._name,
                    f"{file} was removed or replaced while it was in use: put it back, or stop() and start() "
                    "the storage to use what is there now",
                )


class NoFiles(DatabaseFiles):
    """Those of a database in memory."""

    def __init__(self) -> None:
        super().__init__("", "")
        self._opened = []


def database_files(path: str, name: str) -> DatabaseFiles:
    """Return the files of the database that was opened at this path, ":memory:" or resolved."""
    return NoFiles() if path == ":memory:" else DatabaseFiles(path, name)


def _identity(file: str) -> tuple[int, int] | None:
    try:
        status = os.stat(file)  # noqa: PTH116 # at every transaction: a Path costs as much again
    except OSError:
        return None
    return status.st_dev, status.st_ino
