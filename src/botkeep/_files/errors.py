"""What the system's errors about files mean for a bot: the one place where OSError becomes ours."""

from __future__ import annotations

import errno
from typing import Final

from botkeep.errors import OutcomeUnknownError, StorageUnavailableError

_ADVICE: Final = {
    errno.ENOSPC: "the disk is full; nothing of this was written; free some space",
    errno.EDQUOT: "the disk quota is used up; nothing of this was written; free some space",
    errno.EFBIG: "the file would be larger than allowed; nothing of this was written",
    errno.EROFS: "the file system is read-only; nothing of this was written",
    errno.EACCES: "this process has no right to do that; check the rights on the file and its folder",
    errno.EPERM: "this process has no right to do that; check the rights on the file and its folder",
    errno.EISDIR: "a folder lies where the file should be; choose another path",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another path",
    errno.EBUSY: "the file cannot be replaced: if it is mounted alone, mount its folder instead",
    errno.EIO: "the disk failed; check it",
}


def unavailable(error: OSError, name: str) -> StorageUnavailableError:
    """Return our error for a file that could not be read, or not be written and is as it was."""
    return StorageUnavailableError(name, _reason(error))


def not_flushed(error: OSError, name: str) -> OutcomeUnknownError:
    """Return our error for content that is in place, but perhaps not yet on the disk."""
    return OutcomeUnknownError(
        name, f"the new content is in place, but its folder could not be flushed to the disk: {error}"
    )


def _reason(error: OSError) -> str:
    advice = _ADVICE.get(error.errno or 0)
    return f"{advice} ({error})" if advice else str(error)
