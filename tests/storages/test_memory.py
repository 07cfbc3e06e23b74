"""MemoryStorage keeps the laws, and its own promises."""

from __future__ import annotations

import math
import weakref

from botkeep import MemoryStorage
from botkeep.abc import BaseStorage
from botkeep.hooks import Stored
from botkeep.testing import StorageContract


class TestMemoryStorage(StorageContract):
    def create(self, *, default_ttl: float | None = None) -> MemoryStorage:
        storage = MemoryStorage(default_ttl, clock=self.clock)
        self.engine = weakref.ref(storage)
        return storage

    def another(self, storage: BaseStorage) -> BaseStorage:
        return storage

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        documents = self._made()._documents.get(namespace)
        entry = None if documents is None else documents.entries.get(identifier)
        return None if entry is None else entry.value

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        self._made()._store(namespace, identifier, Stored(value, math.inf), None)

    def _made(self) -> MemoryStorage:
        storage = self.engine()
        assert storage is not None
        return storage
