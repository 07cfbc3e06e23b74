"""Documents in one JSON file."""

from __future__ import annotations

from holdfast.storages.file.storage import FileStorage

__all__ = ["FileStorage"]
