"""FileStorage keeps the laws, and its own promises."""

from __future__ import annotations

import math
import weakref
from pathlib import Path

import pytest

from holdfast.abc import BaseStorage
from holdfast.hooks import Stored
from holdfast.storages._file_batches import BatchingFile
from holdfast.storages.file import FileStorage
from holdfast.testing import StorageContract


class TestFileStorage(StorageContract):
    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "bot.json"

    def create(self, *, default_ttl: float | None = None) -> FileStorage:
        storage = FileStorage(self.path, default_ttl=default_ttl, clock=self.clock)
        self.engine = weakref.ref(storage)
        return storage

    def another(self, storage: BaseStorage) -> BaseStorage:
        return storage

    # An open storage reads its memory, not the file: that is where damage has to be done.

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        entry = self._made()._shelves.get(namespace, {}).get(identifier)
        return None if entry is None else entry.value

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        shelves = self._made()._shelves
        shelf = {**shelves.get(namespace, {}), identifier: Stored(value, math.inf)}
        self._made()._shelves = {**shelves, namespace: shelf}

    def _made(self) -> BatchingFile:
        storage = self.engine()
        assert storage is not None
        return storage._open_file()
