"""kurigram-addons' storages, started and stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from kurigram_addons import MemoryStorage, SQLiteStorage  # type: ignore[import-untyped] # it ships no types

NAME: Final = "kurigram-addons"


@asynccontextmanager
async def sqlite_storage(path: Path) -> AsyncIterator[Any]:
    async with _started(SQLiteStorage(str(path))) as storage:
        yield storage


@asynccontextmanager
async def memory_storage() -> AsyncIterator[Any]:
    async with _started(MemoryStorage()) as storage:
        yield storage


@asynccontextmanager
async def _started(storage: Any) -> AsyncIterator[Any]:
    await storage.start()
    try:
        yield storage
    finally:
        await storage.stop()


def swap(storage: Any) -> Any:
    """Return its compare-and-set as `benchmarks.workloads.swaps` calls it."""
    return lambda own, new, expected: storage.compare_and_set(own, new, expected_state=expected)
