"""The files of an open database: noticed when they are removed or replaced while it is in use.

SQLite goes on writing into a file that has lost its name; what it acknowledges then is gone with the process.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Final

from botkeep._core.compat import override
from botkeep.errors import StorageUnavailableError

_ENDINGS: Final = ("", "-wal", "-shm")

_WHOLE_SECONDS: Final = 1.0
"""So often the files themselves are looked at, whatever their folder says."""

_SETTLED_NANOSECONDS: Final = 50_000_000
"""A folder that was changed later than so long ago may be changed again and look the same: file systems count
in steps of up to 10 ms."""


class DatabaseFiles:
    """The database at a path with its write-ahead log and shared memory, as they were when it was opened.

    Args:
        path: the database, open, with a first transaction behind it: so the other two are there.
        name: the storage's name, for errors.

    Attributes:
        size: of the database, in bytes, at most a second ago.
    """

    def __init__(self, path: str, name: str) -> None:
        self.size: int = 0
        self._name = name
        self._folder = os.path.dirname(path)  # noqa: PTH120 # as below
        self._opened = [(file, _identity(file)) for file in (f"{path}{ending}" for ending in _ENDINGS)]
        self._settled: tuple[int, int, int] | None = None
        self._whole_at = 0.0

    def check(self) -> None:
        """Raise unless every file is still the one that was opened.

        A file cannot go or come without changing its folder, so most often that is all that is asked.

        Raises:
            StorageUnavailableError: one was removed, or another one has taken its place.
        """
        folder = _modification(self._folder)
        now = time.monotonic()
        if folder != self._settled or folder is None or now >= self._whole_at:
            self._check_files()
            self._whole_at = now + _WHOLE_SECONDS
            is_settled = folder is not None and time.time_ns() - folder[2] > _SETTLED_NANOSECONDS
            self._settled = folder if is_settled else None

    def _check_files(self) -> None:
        for file, opened in self._opened:
            if _identity(file) != opened:
                raise StorageUnavailableError(
                    self._name,
                    f"{file} was removed or replaced while it was in use: put it back, or stop() and start() "
                    "the storage to use what is there now",
                )
        with suppress(OSError):
            self.size = os.stat(self._opened[0][0]).st_size  # noqa: PTH116 # as below


class NoFiles(DatabaseFiles):
    """Those of a database in memory."""

    def __init__(self) -> None:
        super().__init__("", "")

    @override
    def check(self) -> None:
        pass


def database_files(path: str, name: str) -> DatabaseFiles:
    """Return the files of the database that was opened at this path, ":memory:" or resolved."""
    return NoFiles() if path == ":memory:" else DatabaseFiles(path, name)


def _identity(file: str) -> tuple[int, int] | None:
    try:
        status = os.stat(file)  # noqa: PTH116 # at every transaction: a Path costs as much again
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _modification(folder: str) -> tuple[int, int, int] | None:
    """Return which folder is there, and when a name in it was made or removed last (nanoseconds)."""
    try:
        status = os.stat(folder)  # noqa: PTH116 # as above
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns
