"""Where a database cannot be: file systems without shared memory, and files that are mounted alone."""

from __future__ import annotations

import mmap
import re
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import Final

from botkeep.errors import StorageUnavailableError

_TABLE: Final = Path("/proc/self/mountinfo")

_WITHOUT_SHARED_MEMORY: Final = re.compile(
    # Across a network: what one machine maps into its memory another one does not see.
    r"nfs4?|cifs|smb3|smbfs|afs|ceph|glusterfs|lustre|gpfs|beegfs|orangefs|pvfs2|coda|ncpfs"
    # Folders of the host in a virtual machine, and so in Docker Desktop, WSL and the like.
    r"|9p|virtiofs|vboxsf|vmhgfs|prl_fs|drvfs|fakeowner|osxfs|grpcfuse"
    # The same by way of a program.
    r"|fuse\.(sshfs|glusterfs|ceph|rclone|s3fs|gcsfuse|davfs2?|grpcfuse|osxfs|vmhgfs-fuse|portal|juicefs)"
)

_UNKNOWN: Final = re.compile(r"fuse\..+")
"""File systems of programs, of which each may be what it likes: tried out, once at each opening."""

_ANSWER: Final = """
import mmap, sys
with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
    memory[1:2] = memory[0:1]
"""
"""A program that copies a byte in the memory that it shares with whoever runs it."""


def check_shared_memory(path: Path) -> None:
    """Refuse a path whose file system cannot share memory between processes (sqlite.org/wal.html).

    Raises:
        StorageUnavailableError: commits would get lost there.

    On systems without Linux's table of mounts nothing is refused.
    """
    table = _mounts()
    kind = None if table is None else kind_of_mount(PurePosixPath(path.resolve()), table)
    if kind is not None and (
        shares_no_memory(kind) or (_UNKNOWN.fullmatch(kind) and not _try_out(path.parent))
    ):
        raise StorageUnavailableError(
            str(path),
            f"{kind} is a network file system, or a folder of another system: processes cannot share memory "
            "there, as SQLite's WAL needs it. Put the file on a local disk, or in a volume of the container",
        )


def check_not_mounted_alone(path: Path) -> None:
    """Refuse a file that is itself a mount point.

    Raises:
        StorageUnavailableError: what lies beside it would stay in the container, and the file itself cannot
            be replaced.
    """
    table = _mounts()
    if table is not None and is_mount_point(PurePosixPath(path.resolve()), table):
        raise StorageUnavailableError(
            str(path),
            "this file alone is mounted here: what is written beside it would stay in the container and be "
            f"lost with it. Mount its folder instead: {path.resolve().parent}",
        )


def shares_no_memory(kind: str) -> bool:
    """Whether processes cannot share memory on a file system of this kind, as ``mount`` names it."""
    return _WITHOUT_SHARED_MEMORY.fullmatch(kind) is not None


def _try_out(folder: Path) -> bool:
    """Whether another process sees what this one writes into shared memory, and the other way round."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".botkeep-") as file:
        file.write(bytes(mmap.PAGESIZE))
        file.flush()
        try:
            with mmap.mmap(file.fileno(), 0) as memory:
                memory[0:1] = b"x"
                subprocess.run([sys.executable, "-c", _ANSWER, file.name], check=True, timeout=10)  # noqa: S603 # ours
                return memory[1:2] == b"x"
        except (OSError, ValueError, subprocess.SubprocessError):
            return False


def kind_of_mount(path: PurePosixPath, table: str) -> str | None:
    """Return the kind of file system at an absolute path, by a table as in proc_pid_mountinfo(5)."""
    deepest, kind = -1, None
    for line in table.splitlines():
        mounted, source = _entry(line)
        depth = len(mounted.parts)
        # Of two mounts at one place the later one is seen.
        if depth >= deepest and path.is_relative_to(mounted):
            deepest, kind = depth, source.split(" ")[0]
    return kind


def is_mount_point(path: PurePosixPath, table: str) -> bool:
    """Whether something is mounted at exactly this absolute path."""
    return any(_entry(line)[0] == path for line in table.splitlines())


def _mounts() -> str | None:
    try:
        return _TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _entry(line: str) -> tuple[PurePosixPath, str]:
    place, _, source = line.partition(" - ")
    return PurePosixPath(_unescaped(place.split(" ")[4])), source


def _unescaped(place: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), place)
