"""What the system's errors about files mean for a bot: the one place where OSError becomes ours."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Final

from botkeep.errors import OutcomeUnknownError, StorageUnavailableError

_ADVICE: Final = {
    errno.ENOSPC: "the disk is full; nothing of this was written; free some space",
    errno.EDQUOT: "the disk quota is used up; nothing of this was written; free some space",
    errno.EFBIG: "the file would be larger than allowed; nothing of this was written",
    errno.EROFS: "the file system is read-only; nothing of this was written",
    errno.EBUSY: "the file cannot be replaced: if it is mounted alone, mount its folder instead",
    errno.EIO: "the disk failed; check it",
    errno.ENAMETOOLONG: "the name is longer than the file system allows; choose a shorter one",
}


def unavailable(error: OSError, name: str) -> StorageUnavailableError:
    """Return our error for a file that could not be read, or not be written and is as it was."""
    return StorageUnavailableError(name, reason_of(error))


def not_flushed(error: OSError, name: str) -> OutcomeUnknownError:
    """Return our error for content that is in place, but perhaps not yet on the disk."""
    return OutcomeUnknownError(
        name, f"the new content is in place, but its folder could not be flushed to the disk: {error}"
    )


def reason_of(error: OSError) -> str:
    """Return what went wrong, which file or folder is the cause, and what to do about it."""
    advice = _ADVICE.get(error.errno or 0) or _cause(error)
    return f"{advice} ({error})" if advice else str(error)


def _cause(error: OSError) -> str | None:
    # Of a renaming it is the new name.
    name = error.filename2 or error.filename
    path = Path(os.fsdecode(name)) if isinstance(name, (str, bytes)) else None
    if error.errno in (errno.EACCES, errno.EPERM):
        return (path and _owner(path)) or "this process has no right to do that; check the rights on the file"
    if error.errno == errno.EISDIR:
        return f"a folder lies where the file should be: {path or 'there'}; choose another path"
    if error.errno == errno.ENOTDIR:
        file = next((part for part in reversed(path.parents) if part.is_file()), None) if path else None
        return f"a part of the path is a file, not a folder: {file or path}; choose another path"
    return None


def _owner(path: Path) -> str | None:
    """Return who may use what is in the way: the file, or else the nearest folder that can be looked at."""
    if sys.platform == "win32":
        return None
    for place in (path, *path.parents):
        try:
            status = place.stat()
        except OSError:
            continue
        kind = "folder" if stat.S_ISDIR(status.st_mode) else "file"
        mode = f"{stat.S_IMODE(status.st_mode):03o}"
        return (
            f"this process has no right to do that: it runs as user {os.geteuid()}, the {kind} {place} "
            f"belongs to user {status.st_uid} and has mode {mode}; give it the right, or run it as that user"
        )
    return None
