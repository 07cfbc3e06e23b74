"""Documents in a SQLite database."""

from __future__ import annotations

from botkeep.storages.sqlite.storage import SQLiteStorage

__all__ = ["SQLiteStorage"]
