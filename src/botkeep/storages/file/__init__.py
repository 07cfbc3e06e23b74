"""Documents in one JSON file."""

from __future__ import annotations

from botkeep.storages.file.storage import FileStorage

__all__ = ["FileStorage"]
