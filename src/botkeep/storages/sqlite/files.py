"""The files of an open database: noticed when they are removed or replaced while it is in use.

SQLite goes on writing into a file that has lost its name; what it acknowledges then is gone with the process.
"""

from __future__ import annotations

import os
import time
from typing import Final

from botkeep.errors import StorageUnavailableError

_ENDINGS: Final = ("", "-wal", "-shm")

_CHECK_SECONDS: Final = 0.01
"""So often a read looks at the log and the shared memory; what is written waits for a check of its own."""


class DatabaseFiles:
    """The database at a path with its write-ahead log and shared memory, as they were when it was opened.

    Args:
        path: the database, open, with a first transaction behind it: so the other two are there.
        name: the storage's name, for errors.
    """

    def __init__(self, path: str, name: str) -> None:
        self._name = name
        self._path = path
        self._opened = [(file, _identity(file)) for file in (f"{path}{ending}" for ending in _ENDINGS)]
        self._database = self._opened[0][1]
        self._check_at = 0.0

    def size(self) -> int:
        """Check for a read, which costs less than the whole check; return the database's size in bytes.

        Raises:
            StorageUnavailableError: as `check` does.
        """
        now = time.monotonic()
        if now >= self._check_at:
            self.check()
            self._check_at = now + _CHECK_SECONDS
        try:
            status = os.stat(self._path)  # noqa: PTH116 # see below
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._database:
            self.check()
            return 0
        return status.st_size

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
