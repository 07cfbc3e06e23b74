"""The file of a StatefulObject: written whole, and in the order of the snapshots, whichever threads save."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from botkeep._files import atomic
from botkeep._files.dict_file import from_text, to_text
from botkeep._files.errors import unavailable
from botkeep._files.json_text import NotJsonError
from botkeep._files.locks import FileLock
from botkeep._files.quarantine import quarantine, quarantine_copy
from botkeep._files.temporary import sweep
from botkeep.errors import StorageUnavailableError


class Snapshot(NamedTuple):
    """A state, encoded, and its place in the order in which states were taken."""

    number: int
    content: bytes


class StateFile:
    """One JSON file that holds one dict.

    Args:
        path: the file; may be a symbolic link.
        logger: where each save is logged.
    """

    def __init__(self, path: Path, logger: logging.Logger) -> None:
        self.path = path
        self._logger = logger
        self._lock = FileLock(path.with_name(f"{path.name}.lock"), like=path)
        self._depth = 0
        self._owner = 0
        self._snapshot_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._last_taken = 0
        self._last_written = 0
        self._newer: int | None = None

    def prepare(self) -> None:
        """Create the folder, and sweep up what a killed process left there."""
        with self._translated_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        sweep(self.path)

    def read(self) -> dict[str, Any] | None:
        """Return the state; None when there is none. A damaged file goes into quarantine, and there is none.

        Raises:
            StorageUnavailableError: there is a file, but it cannot be read.
        """
        with self._translated_errors():
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return None
            try:
                return from_text(content)
            except NotJsonError as exc:
                self._quarantine(str(exc))
                return None

    def snapshot(self, get_state: Callable[[], dict[str, Any]]) -> Snapshot:
        """Encode the state as it is now.

        Raises:
            DocumentError: a value in it cannot be stored; the file was not touched.
        """
        with self._snapshot_lock:
            content = to_text(get_state())
            self._last_taken += 1
            return Snapshot(self._last_taken, content)

    def write(self, snapshot: Snapshot) -> None:
        """Replace the file, unless it holds a later state already."""
        with self._write_lock, self._translated_errors():
            if snapshot.number <= self._last_written:
                return
            if self._newer is not None and self.path.exists():
                quarantine_copy(self.path, f"version-{self._newer}")
            self._newer = None
            atomic.write(self.path, snapshot.content)
            self._last_written = snapshot.number
        self._logger.debug("Saved state to %s", self.path)

    def clear(self) -> None:
        """Remove the file; snapshots taken before will not be written any more."""
        with self._snapshot_lock:
            self._last_taken += 1
            last = self._last_taken
        with self._write_lock, self._translated_errors():
            Path(os.path.realpath(self.path)).unlink(missing_ok=True)
            self._last_written = last

    def keep_newer_version(self, version: int) -> None:
        """Keep a copy of what a newer version of the program wrote, before it is overwritten."""
        self._newer = version

    @contextmanager
    def locked(self, timeout: float) -> Iterator[bool]:
        """Keep other processes and threads out that ask too; yield whether this is the outermost block.

        Raises:
            StorageUnavailableError: somebody else had the lock for more than ``timeout`` seconds.
        """
        with self._write_lock:
            if not self._depth:
                self._acquire(timeout)
            self._depth += 1
            self._owner = threading.get_ident()
            try:
                yield self._depth == 1
            finally:
                self._depth -= 1
                if not self._depth:
                    self._lock.release()

    def is_held_by_this_thread(self) -> bool:
        """Whether a block of `locked` is open on this thread."""
        return self._depth > 0 and self._owner == threading.get_ident()

    def _acquire(self, timeout: float) -> None:
        with self._translated_errors():
            if not self._lock.acquire(timeout):
                reason = f"{self._lock.holder()} kept it locked for more than {timeout:g} s; try again"
                raise StorageUnavailableError(str(self.path), reason)

    def _quarantine(self, damage: str) -> None:
        aside = quarantine(self.path, "corrupt")
        warnings.warn(
            f"{self.path} was damaged ({damage}) and is kept as {aside.name}; its object starts anew",
            stacklevel=5,
        )

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise unavailable(exc, str(self.path)) from exc
