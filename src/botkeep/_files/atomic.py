"""A file is replaced as a whole and durably, or not at all.

The new content goes into a file beside the old one, is flushed to the disk, takes the old one's name in one
step (rename(2) is atomic within a file system), and the folder is flushed, because the name is part of it.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path
from typing import Final

from botkeep._files.errors import not_flushed, unavailable
from botkeep._files.temporary import TemporaryFile, copy, temporary_name

_UNFLUSHABLE: Final = frozenset({errno.EINVAL, errno.ENOTSUP})

_logger = logging.getLogger(__name__)


def write(
    path: Path, data: bytes, *, old: Path | None = None, like: Path | None = None, name: str | None = None
) -> None:
    """Put ``data`` in the place of the file's content. Missing folders are created.

    A symbolic link stays one: the file that it points to is replaced. Mode and, where allowed, owner stay;
    a new file is its owner's alone (0600).

    Args:
        path: the file.
        data: its new content.
        old: where the content that was there goes, over what lies there; None: it is not kept.
        like: the file whose mode and owner it takes; None: those that it has.
        name: what to call the file in errors; None: its path.

    Raises:
        StorageUnavailableError: nothing was changed.
        OutcomeUnknownError: the new content is in place, but a power loss may still bring the old one back.
    """
    name = name or str(path)
    try:
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data, old, like or target)
    except OSError as exc:
        raise unavailable(exc, name) from exc
    try:
        flush_folder(target.parent)
    except OSError as exc:
        raise not_flushed(exc, name) from exc


def _replace(target: Path, data: bytes, old: Path | None, like: Path) -> None:
    with TemporaryFile(target, like) as temporary:
        temporary.fill(data)
        # Renamed only after the target was replaced: never do two names share one file, or an editor that
        # writes in place would spoil both at once.
        backup_link = None if old is None else _backup_link(target)
        temporary.replace_target()
    if old is not None and backup_link is not None:
        _keep_old(backup_link, old)


def _backup_link(target: Path) -> Path | None:
    """Give the old content a second name; None: there is none."""
    backup_link = temporary_name(target)
    try:
        os.link(target, backup_link)
    except FileNotFoundError:
        return None
    except OSError:
        copy(target, backup_link)  # a file system without hard links
    return backup_link


def _keep_old(backup_link: Path, old: Path) -> None:
    try:
        backup_link.replace(old)
    except OSError as exc:
        # The write itself has happened: it must not be reported as failed.
        _logger.warning("Could not keep the former content as %s: %s", old, exc)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    if sys.platform == "win32":
        return  # folders cannot be opened there, and NTFS keeps a journal of names
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno not in _UNFLUSHABLE:
            raise
    finally:
        os.close(descriptor)
