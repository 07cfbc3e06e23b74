"""Files are set aside rather than destroyed: a bad one, a newer one, one that somebody else changed.

Of a symbolic link it is the file that it points to.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timezone
from pathlib import Path


def set_aside(path: Path, why: str) -> Path:
    """Rename the file to ``<name>.<why>-<time>``, over no other file, and return its new path."""
    target = Path(os.path.realpath(path))
    return target.rename(_free_name(target, why))


def copy_aside(path: Path, why: str) -> Path:
    """Copy the file to ``<name>.<why>-<time>``, over no other file, and return the copy's path."""
    target = Path(os.path.realpath(path))
    return Path(shutil.copy2(target, _free_name(target, why)))


def _free_name(path: Path, why: str) -> Path:
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    candidate, number = path.with_name(f"{path.name}.{why}-{moment}"), 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}.{why}-{moment}-{number}")
    return candidate
