"""Documents in this process's memory."""

from __future__ import annotations

from botkeep.storages.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
