"""The file of a FileStorage on the disk: owned by one process, never half written, with a backup."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

from botkeep._files import atomic
from botkeep._files.errors import unavailable
from botkeep._files.json_text import NotJsonError
from botkeep._files.locks import FileLock
from botkeep._files.network_mounts import check_not_mounted_alone
from botkeep._files.paths import expanded
from botkeep._files.quarantine import quarantine, quarantine_copy
from botkeep._files.temporary import sweep
from botkeep.errors import (
    OutcomeUnknownError,
    StorageClosedError,
    StorageFormatError,
    StorageUnavailableError,
)
from botkeep.storages.file.format import Content, Serializer, parse

_logger = logging.getLogger(__name__)


class FileFingerprint(NamedTuple):
    """What tells one state of a file from another without reading it."""

    inode: int
    size: int
    modified: int


class JsonFile:
    """The file, its lock (``<name>.lock``) and its backup (``<name>.bak``).

    The backup is what the file held before the last write and, after `close`, what it holds. It is only ever
    made of content that was read or written here.

    Args:
        path: the file; "~" is the user's home, and symbolic links are followed.
        name: the storage's name, for errors.
    """

    def __init__(self, path: str, name: str) -> None:
        # Resolved, so that two names of one file meet at one lock.
        self._path = Path(os.path.realpath(expanded(path)))
        self._name = name
        self._backup = self._path.with_name(f"{self._path.name}.bak")
        self._lock = FileLock(self._path.with_name(f"{self._path.name}.lock"))
        self._serializer = Serializer()
        # An event loop that is closed leaves its thread at work, and the next one closes the file meanwhile.
        self._thread_lock = threading.Lock()
        self._known: FileFingerprint | None = None
        self._written: bytes | None = None

    def open(self) -> Content:
        """Lock the file and return what it holds; nothing when there is none, or an empty one.

        Raises:
            StorageUnavailableError: another process has it, or it cannot be read.
            StorageFormatError: it is not ours, or it is damaged and there is no good backup.
        """
        try:
            check_not_mounted_alone(self._path)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._taken_lock()
            sweep(self._path)
            return self._load()
        except BaseException as exc:
            self._lock.release()
            if isinstance(exc, OSError):
                raise unavailable(exc, self._name) from exc
            raise

    def rewrite(self, content: Content) -> None:
        """Replace the content of the file.

        Raises:
            StorageUnavailableError: the file is as it was.
            OutcomeUnknownError: it is replaced, but a power loss may undo that.
        """
        with self._thread_lock:
            if not self._lock.held:
                raise StorageClosedError(self._name)
            self._renew_lock()
            text = self._serializer.serialize(content)
            try:
                self._write(text)
            except OutcomeUnknownError:
                self._note_written(text)
                raise
            self._note_written(text)

    def close(self) -> None:
        """Bring the backup up to date and let go of the file."""
        with self._thread_lock:
            try:
                self._renew_backup()
            finally:
                self._lock.release()

    def check(self) -> None:
        """Raise StorageUnavailableError if the file could not be written now."""
        if not os.access(self._path.parent, os.W_OK):
            raise StorageUnavailableError(self._name, f"{self._path.parent} cannot be written to")

    def _renew_lock(self) -> None:
        """Take the lock again if its file was removed or replaced, or the folder was."""
        try:
            if not self._lock.is_in_place():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                former, self._lock = self._lock, self._taken_lock()
                former.release()
        except OSError as exc:
            raise unavailable(exc, self._name) from exc

    def _taken_lock(self) -> FileLock:
        lock = FileLock(self._path.with_name(f"{self._path.name}.lock"))
        if not lock.acquire():
            raise StorageUnavailableError(
                self._name,
                f"{lock.holder()} has the file open, and a FileStorage serves one process: "
                "stop that one, or use SQLiteStorage, which several may share",
            )
        return lock

    def _load(self) -> Content:
        content = _read(self._path)
        if not content and not self._backup.exists():
            return Content({}, 0.0)
        try:
            found = parse(content, str(self._path))
        except NotJsonError as exc:
            return self._recovered(str(exc))
        self._known = self._fingerprint()
        return found

    def _recovered(self, damage: str) -> Content:
        """Put the backup in the file's place if it is good, and keep the damaged file."""
        content = _read(self._backup)
        try:
            found = parse(content, str(self._backup))
        except NotJsonError as exc:
            raise StorageFormatError(
                str(self._path),
                f"damaged ({damage}), without a good backup; it was left as it is: "
                "repair it, or move it away to start with nothing",
            ) from exc
        kept = quarantine(self._path, "corrupt") if self._path.exists() else None
        atomic.write(self._path, content, like=kept or self._backup)
        self._known = self._fingerprint()
        warnings.warn(
            f"{self._path} was {f'damaged ({damage})' if kept else 'missing'}: its backup is used, which "
            f"may lack the last changes{f'; the damaged file is kept as {kept.name}' if kept else ''}",
            stacklevel=2,
        )
        return found

    def _write(self, content: bytes) -> None:
        try:
            old = self._place_for_old()
        except OSError as exc:
            raise unavailable(exc, self._name) from exc
        atomic.write(self._path, content, old=old, name=self._name)

    def _note_written(self, text: bytes) -> None:
        self._known, self._written = self._fingerprint(), text

    def _renew_backup(self) -> None:
        try:
            if self._written is not None and self._known == self._fingerprint():
                atomic.write(self._backup, self._written, like=self._path)
        except (OSError, StorageUnavailableError) as exc:
            # The file itself is sound: its storage has stopped well.
            _logger.warning("Could not bring the backup %s up to date: %s", self._backup, exc)

    def _place_for_old(self) -> Path | None:
        """Return where the present content of the file goes: good content becomes the backup."""
        found = self._fingerprint()
        if found is None:
            return None
        if found == self._known:
            return self._backup
        kept = quarantine_copy(self._path, "changed")
        _logger.warning(
            "%s was changed while it was in use. What it held is kept as %s and not used; edit it while "
            "the storage is stopped",
            self._path,
            kept.name,
        )
        return None

    def _fingerprint(self) -> FileFingerprint | None:
        """What tells the state of the file; None when there is none, or an empty one."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return FileFingerprint(status.st_ino, status.st_size, status.st_mtime_ns) if status.st_size else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
