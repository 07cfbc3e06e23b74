"""One process at a time writes to a SQLite file.

SQLite sees to that too, but for one race: up to 3.51.2 a checkpoint that runs while another process commits
and begins the WAL anew may take committed pages for copied and lose them, or damage the file
(sqlite.org/wal.html#walresetbug). Most Pythons come with such a SQLite, and a fixed one does not protect its
commits from the checkpoint of an old one. So whoever writes, and by that may checkpoint, has this lock.
"""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from botkeep._core.compat import override
from botkeep._files.locks import try_lock, unlock
from botkeep.errors import StorageUnavailableError

_WAIT: Final = (0.0005, 0.005)
"""Seconds between two tries for what another process holds; jitter, so that two do not march in step."""

_TAKEN: Final = "database is locked"


class WriteLock:
    """The right to write, for a ``with`` block on the connection's thread.

    Args:
        path: the lock's own file. It stays behind: removing it would be a race. If somebody removes it, the
            next block makes a new one.
        database: the file that it protects, whose mode it takes.

    Raises:
        sqlite3.OperationalError: in SQLite's words: another process has it.
        StorageUnavailableError: the lock's file cannot be opened.
    """

    def __init__(self, path: Path, database: Path) -> None:
        self.path = path
        self._database = database
        self._descriptor: int | None = None
        self._status: os.stat_result | None = None

    def __enter__(self) -> None:
        try:
            taken = self._take()
        except OSError as exc:
            raise StorageUnavailableError(
                str(self.path), f"the lock file cannot be used: {exc}; nothing was written"
            ) from exc
        if not taken:
            raise sqlite3.OperationalError(_TAKEN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            unlock(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _take(self) -> bool:
        while True:
            if self._descriptor is None:
                self._descriptor = self._open()
                self._status = os.fstat(self._descriptor)
            if not try_lock(self._descriptor):
                return False
            if self._is_in_place():
                return True
            self.close()

    def _open(self) -> int:
        mode = 0o600
        with suppress(OSError):
            mode = stat.S_IMODE(self._database.stat().st_mode) & 0o666
        return os.open(self.path, os.O_RDWR | os.O_CREAT, mode)

    def _is_in_place(self) -> bool:
        """Whether the file that is locked is the one that others would lock."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 # at every write: a Path costs as much again
        except FileNotFoundError:
            return False
        return self._status is not None and os.path.samestat(found, self._status)

    def __del__(self) -> None:
        self.close()


class NoLock(WriteLock):
    """For a database in memory, of which no other process knows."""

    @override
    def __enter__(self) -> None:
        pass


def write_lock(path: str) -> WriteLock:
    """Return the lock of the database at this path, ":memory:" or resolved."""
    database = Path(path)
    kind = NoLock if path == ":memory:" else WriteLock
    return kind(database.with_name(f"{database.name}.lock"), database)


def pause() -> None:
    """Wait a moment before the next try for what another process holds."""
    time.sleep(random.uniform(*_WAIT))
