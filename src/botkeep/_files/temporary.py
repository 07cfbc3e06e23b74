"""The file beside the real one that a new content is written to, and what a killed writer leaves of it."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botkeep._files.locks import try_lock

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

PRIVATE: Final = 0o600
"""The mode of what is created: nobody but the owner reads what a bot remembers of people."""

_ENDING: Final = ".unfinished"
_WRITE_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


if sys.platform == "darwin":
    from fcntl import F_FULLFSYNC, fcntl

    def _flush(descriptor: int) -> None:
        # A plain fsync leaves the data in the drive's cache there: see fsync(2) of macOS.
        fcntl(descriptor, F_FULLFSYNC)

else:

    def _flush(descriptor: int) -> None:
        os.fsync(descriptor)


class TemporaryFile:
    """A new file beside ``target``; gone at the end of the block unless it took its place.

    It has the mode and, where allowed, the owner of the file ``like``; without one it is its owner's alone.

    It is locked while it is written. The system takes the lock from a killed writer: that is how `sweep`
    knows what was left behind.
    """

    def __init__(self, target: Path, like: Path) -> None:
        self._target = target
        self._like = _status(like)
        self.path = target
        self._descriptor = -1

    def __enter__(self) -> Self:
        # At no moment may anybody read more than in the end.
        mode = PRIVATE if self._like is None else stat.S_IMODE(self._like.st_mode) & PRIVATE
        while True:
            self.path = temporary_name(self._target)
            self._descriptor = os.open(self.path, _WRITE_NEW, mode)
            # A sweep may have come between the two lines; from here on the lock keeps it off.
            if _locked(self._descriptor) and os.fstat(self._descriptor).st_nlink:
                break
            os.close(self._descriptor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        if error is not None:
            with suppress(OSError):
                self.path.unlink()

    def fill(self, data: bytes) -> None:
        """Write the content and flush it to the disk."""
        self._take_ownership()
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        _flush(self._descriptor)

    def finish(self) -> None:
        """Flush to the disk what somebody else wrote under the name `path`."""
        self._take_ownership()
        _flush(self._descriptor)

    def _take_ownership(self) -> None:
        if self._like is not None:
            _copy_ownership(self._descriptor, self._like)

    def replace_target(self) -> None:
        """Become the target."""
        if sys.platform == "win32":
            self._close()  # an open file cannot be renamed there
        self.path.replace(self._target)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def temporary_name(target: Path) -> Path:
    """Return a new name beside the target, which `sweep` recognises."""
    return target.with_name(f"{_start(target)}{secrets.token_hex(4)}{_ENDING}")


def copy(source: Path, target: Path) -> None:
    """Copy a file, with its mode, to a name that is free; at no moment anybody may read more of it.

    Raises:
        FileExistsError: the name is taken.
    """
    with source.open("rb") as old, open(os.open(target, _WRITE_NEW, PRIVATE), "wb") as new:  # noqa: PTH123 # of a descriptor
        shutil.copyfileobj(old, new)
    shutil.copystat(source, target)


def sweep(path: Path) -> None:
    """Remove what writers of this file left unfinished because they were killed. Never fails."""
    target = Path(os.path.realpath(path))
    with suppress(OSError):
        for candidate in target.parent.iterdir():
            if candidate.name.startswith(_start(target)) and candidate.name.endswith(_ENDING):
                _remove_if_abandoned(candidate)


def _start(target: Path) -> str:
    # Cut, because names end at 255 bytes.
    return f".{target.name[:50]}."


def _remove_if_abandoned(candidate: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(candidate, os.O_RDWR)
        try:
            if try_lock(descriptor) and sys.platform != "win32":
                candidate.unlink()
        finally:
            os.close(descriptor)
        if sys.platform == "win32":
            candidate.unlink()  # fails while somebody has it open


def _locked(descriptor: int) -> bool:
    try:
        return try_lock(descriptor)
    except OSError:
        return True  # a file system without locks: nobody can sweep there either


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _copy_ownership(descriptor: int, before: os.stat_result) -> None:
    """Give the new file owner and mode of the old one."""
    if sys.platform == "win32":
        return
    if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
    # After the owner, whose change clears bits of the mode.
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
