"""Files are set aside rather than destroyed: a bad one, a newer one, one that somebody else changed."""

from __future__ import annotations

import shutil
from datetime import datetime, timezone
from pathlib import Path


def set_aside(path: Path, why: str) -> Path:
    """Rename the file to ``<name>.<why>-<time>``, over no other file, and return its new path."""
    return path.rename(_free_name(path, why))


def copy_aside(path: Path, why: str) -> Path:
    """Copy the file to ``<name>.<why>-<time>``, over no other file, and return the copy's path."""
    return Path(shutil.copy2(path, _free_name(path, why)))


def _free_name(path: Path, why: str) -> Path:
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    candidate, number = path.with_name(f"{path.name}.{why}-{moment}"), 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}.{why}-{moment}-{number}")
    return candidate
