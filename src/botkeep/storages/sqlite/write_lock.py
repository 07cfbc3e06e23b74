"""One process at a time writes to a SQLite file.

SQLite sees to that too, but for one race: up to 3.51.2 a checkpoint that runs while another process commits
and begins the WAL anew may take committed pages for copied and lose them, or damage the file
(sqlite.org/wal.html#walresetbug). Most Pythons come with such a SQLite, and a fixed one does not protect its
commits from the checkpoint of an old one. So whoever writes, and by that may checkpoint, takes turns.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from botkeep._core.compat import override
from botkeep._files.locks import try_lock, unlock

_WAIT: Final = (0.0005, 0.005)
"""Seconds between two tries for what another process holds; jitter, so that two do not march in step."""

_TAKEN: Final = "database is locked"
_NO_FILE: Final = "unable to open database file"


class WriteTurn:
    """The right to write, for a ``with`` block on the connection's thread.

    Args:
        path: the lock's own file, empty. It stays behind: removing it would be a race.

    Raises:
        sqlite3.OperationalError: in SQLite's words: another process has it, or the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            taken = try_lock(self._descriptor)
        except OSError as exc:
            raise sqlite3.OperationalError(_NO_FILE) from exc
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

    def __del__(self) -> None:
        self.close()


class UncontestedTurn(WriteTurn):
    """For a database in memory, of which no other process knows."""

    @override
    def __enter__(self) -> None:
        pass


def write_turn(path: str) -> WriteTurn:
    """Return the turn of the database at this path."""
    if path == ":memory:":
        return UncontestedTurn(Path(path))
    # As SQLite resolves its own paths: a link leads to the same turn, another folder later does not matter.
    database = Path(path).resolve()
    return WriteTurn(database.with_name(f"{database.name}.lock"))


def pause() -> None:
    """Wait a moment before the next try for what another process holds."""
    time.sleep(random.uniform(*_WAIT))
