"""Files are set aside rather than destroyed: a bad one, a newer one, one that somebody else changed.

Of a symbolic link it is the file that it points to.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timezone
from pathlib import Path


def name_aside(name: str, why: str) -> str:
    """Return ``<name>.<why>-<time>``, in UTC."""
    return f"{name}.{why}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}"


def set_aside(path: Path, why: str) -> Path:
    """Rename the file to ``<name>.<why>-<time>``, over no other file, and return its new path."""
    target = Path(os.path.realpath(path))
    return target.rename(_free_name(target, why))


def copy_aside(path: Path, why: str) -> Path:
    """Copy the file to ``<name>.<why>-<time>``, over no other file, and return the copy's path."""
    target = Path(os.path.realpath(path))
    return Path(shutil.copy2(target, _free_name(target, why)))


def _free_name(path: Path, why: str) -> Path:
    name = name_aside(path.name, why)
    candidate, number = path.with_name(name), 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{name}-{number}")
    return candidate
