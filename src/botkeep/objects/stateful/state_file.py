"""The file of a StatefulObject: states go in whole and in order, from whichever thread they come."""

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
from botkeep._files.quarantine import copy_aside, set_aside
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
        logger: where saving is told.
    """

    def __init__(self, path: Path, logger: logging.Logger) -> None:
        self.path = path
        self._logger = logger
        self._lock = FileLock(path.with_name(f"{path.name}.lock"))
        self._depth = 0
        self._owner = 0
        self._taking = threading.RLock()
        self._writing = threading.RLock()
        self._taken = 0
        self._written = 0
        self._newer: int | None = None

    def prepare(self) -> None:
        """Create the folder, and sweep up what a killed process left there."""
        with self._errors_are_ours():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        sweep(self.path)

    def read(self) -> dict[str, Any] | None:
        """Return the state; None when there is none. A damaged file is set aside: then there is none.

        Raises:
            StorageUnavailableError: there is a file, but it cannot be read.
        """
        with self._errors_are_ours():
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return None
            try:
                return from_text(content)
            except NotJsonError as exc:
                self._set_aside(str(exc))
                return None

    def take(self, get_state: Callable[[], dict[str, Any]]) -> Snapshot:
        """Encode the state as it is now.

        Raises:
            DocumentError: a value in it cannot be stored; the file was not touched.
        """
        with self._taking:
            content = to_text(get_state())
            self._taken += 1
            return Snapshot(self._taken, content)

    def write(self, snapshot: Snapshot) -> None:
        """Replace the file, unless it holds a later state already."""
        with self._writing, self._errors_are_ours():
            if snapshot.number <= self._written:
                return
            if self._newer is not None and self.path.exists():
                copy_aside(self.path, f"version-{self._newer}")
            self._newer = None
            atomic.write(self.path, snapshot.content)
            self._written = snapshot.number
        self._logger.debug("Saved state to %s", self.path)

    def clear(self) -> None:
        """Remove the file; snapshots taken before will not be written any more."""
        with self._taking:
            self._taken += 1
            last = self._taken
        with self._writing, self._errors_are_ours():
            Path(os.path.realpath(self.path)).unlink(missing_ok=True)
            self._written = last

    def spare(self, version: int) -> None:
        """Keep a copy of what a newer version of the program wrote, before it is overwritten."""
        self._newer = version

    @contextmanager
    def exclusively(self, patience: float) -> Iterator[bool]:
        """Keep other processes and threads out that ask too; yield whether this is the outermost block.

        Raises:
            StorageUnavailableError: somebody else had the lock for more than ``patience`` seconds.
        """
        with self._writing:
            if not self._depth:
                self._acquire(patience)
            self._depth += 1
            self._owner = threading.get_ident()
            try:
                yield self._depth == 1
            finally:
                self._depth -= 1
                if not self._depth:
                    self._lock.release()

    def is_held_by_this_thread(self) -> bool:
        """Whether a block of `exclusively` is open on this thread."""
        return self._depth > 0 and self._owner == threading.get_ident()

    def _acquire(self, patience: float) -> None:
        with self._errors_are_ours():
            if not self._lock.acquire(patience):
                reason = f"{self._lock.holder()} kept it locked for more than {patience:g} s; try again"
                raise StorageUnavailableError(str(self.path), reason)

    def _set_aside(self, damage: str) -> None:
        aside = set_aside(self.path, "corrupt")
        warnings.warn(
            f"{self.path} was damaged ({damage}) and is kept as {aside.name}; its object starts anew",
            stacklevel=5,
        )

    @contextmanager
    def _errors_are_ours(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise unavailable(exc, str(self.path)) from exc
