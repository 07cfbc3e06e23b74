"""Locks on files, which the system takes from a process that dies."""

from __future__ import annotations

import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = (0.002, 0.01)
"""Between two tries for a lock that somebody holds; jitter, so that two processes do not march in step."""

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for as long as it stays open; False when somebody else has it."""
        # A byte far behind the content, which stays readable that way.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def unlock(descriptor: int) -> None:
        """Give back what `try_lock` took, and leave the file open."""
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for as long as it stays open; False when somebody else has it."""
        # flock, not lockf: it keeps off another opener in this process too (flock(2)).
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(descriptor: int) -> None:
        """Give back what `try_lock` took, and leave the file open."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class FileLock:
    """A lock that one holder at a time has, among all threads and processes of this machine.

    Args:
        path: the lock's own file. It stays behind, empty of meaning: removing it would be a race.
        like: the file that is locked: who may write it may take the lock. None, or no such file: the owner.
    """

    def __init__(self, path: Path, like: Path | None = None) -> None:
        self._path = path
        self._like = like
        self._descriptor: int | None = None

    def acquire(self, timeout: float = 0.0) -> bool:
        """Take the lock, waiting up to ``timeout`` seconds; False when somebody else still has it."""
        deadline = time.monotonic() + timeout
        descriptor = self._open()
        try:
            while not try_lock(descriptor):
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    return False
                time.sleep(random.uniform(*_POLL_SECONDS))
        except OSError:
            os.close(descriptor)
            raise
        # Who it is, for error messages: a full disk must not keep anybody from reading.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"%d\n" % os.getpid())
        self._descriptor = descriptor
        return True

    def _open(self) -> int:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return os.open(self._path, os.O_RDWR)
        if self._like is not None and sys.platform != "win32":
            with suppress(FileNotFoundError):
                os.fchmod(descriptor, self._like.stat().st_mode & 0o666)
        return descriptor

    def is_in_place(self) -> bool:
        """Whether the file that is locked is still the one that others would lock."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return self._descriptor is not None and os.path.samestat(found, os.fstat(self._descriptor))

    @property
    def held(self) -> bool:
        """Whether this object has the lock."""
        return self._descriptor is not None

    def release(self) -> None:
        """Give the lock back; without it, do nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def holder(self) -> str:
        """Return who has the lock, for an error message."""
        try:
            process = int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return "another process"
        return "this process" if process == os.getpid() else f"process {process}"

    def __del__(self) -> None:
        self.release()
