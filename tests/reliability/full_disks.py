"""Disks that run full when a test says so: a real one where the machine allows, else a layer of faults."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk(ABC):
    """A folder on a disk that can be filled up.

    Attributes:
        folder: where to write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def fill(self) -> None:
        """Leave no room."""

    @abstractmethod
    def free(self) -> None:
        """Make room again."""


class SmallDisk(Disk):
    """A file system of one megabyte in memory."""

    def fill(self) -> None:
        ballast = os.open(self.folder / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        with pytest.raises(OSError, match="No space left"):
            _write_for_ever(ballast)
        os.close(ballast)

    def free(self) -> None:
        (self.folder / "ballast").unlink()


def _write_for_ever(descriptor: int) -> None:
    while True:
        os.write(descriptor, b"x" * 512)


class FaultyDisk(Disk):
    """Every file takes half of what is written to it, and no more."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder)
        self._patch = patch
        self._write = os.write

    def fill(self) -> None:
        self._patch.setattr(os, "write", self._write_half)

    def free(self) -> None:
        self._patch.setattr(os, "write", self._write)

    def _write_half(self, descriptor: int, data: bytes) -> int:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(descriptor, data)


@contextmanager
def small_or_faulty(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Mount a small file system; where that is not allowed, inject faults instead."""
    place = folder / f"disk-{uuid.uuid4().hex[:8]}"
    place.mkdir()
    if not _succeeds("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)):
        yield FaultyDisk(place, patch)
        return
    try:
        yield SmallDisk(place)
    finally:
        assert _succeeds("umount", str(place))


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 # see above
    except FileNotFoundError:
        return False
