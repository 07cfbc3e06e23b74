"""Which file systems lie across a network: the memory that SQLite shares does not reach through them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Final

_TABLE: Final = Path("/proc/self/mountinfo")

_ACROSS_A_NETWORK: Final = re.compile(
    r"nfs4?|cifs|smb3|smbfs|afs|ceph|glusterfs|lustre|fuse\.(sshfs|glusterfs|ceph|rclone|s3fs|gcsfuse|davfs2?)"
)


def network_file_system(path: Path) -> str | None:
    """Return the kind of network file system that a path is on, as ``mount`` names it; None: no such.

    None also where that is not known: on systems without Linux's table of mounts.
    """
    try:
        table = _TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = kind_of_mount(PurePosixPath(path.resolve()), table)
    return kind if kind is not None and _ACROSS_A_NETWORK.fullmatch(kind) else None


def kind_of_mount(path: PurePosixPath, table: str) -> str | None:
    """Return the kind of file system at an absolute path, by a table as in proc_pid_mountinfo(5)."""
    deepest, kind = -1, None
    for line in table.splitlines():
        place, _, source = line.partition(" - ")
        mounted = PurePosixPath(_unescaped(place.split(" ")[4]))
        depth = len(mounted.parts)
        # Of two mounts at one place the later one is seen.
        if depth >= deepest and path.is_relative_to(mounted):
            deepest, kind = depth, source.split(" ")[0]
    return kind


def _unescaped(place: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), place)
