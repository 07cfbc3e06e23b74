"""Documents in this process's memory."""

from __future__ import annotations

from holdfast.storages.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
