"""Quarantine: a file that is bad, newer or changed by somebody else gets another name.

Of a symbolic link it is the file that it points to.
"""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

from botkeep._files.temporary import copy


def quarantine_name(name: str, why: str) -> str:
    """Return ``<name>.<why>-<time>``, in UTC."""
    return f"{name}.{why}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}"


def quarantine(path: Path, why: str) -> Path:
    """Rename the file to ``<name>.<why>-<time>``, over no other file, and return its new path."""
    target = Path(os.path.realpath(path))
    return target.rename(_free_name(target, why))


def quarantine_copy(path: Path, why: str) -> Path:
    """Copy the file to ``<name>.<why>-<time>``, over no other file, and return the copy's path."""
    target = Path(os.path.realpath(path))
    free = _free_name(target, why)
    copy(target, free)
    return free


def _free_name(path: Path, why: str) -> Path:
    name = quarantine_name(path.name, why)
    candidate, number = path.with_name(name), 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{name}-{number}")
    return candidate
