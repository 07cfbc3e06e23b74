"""The laws of adapters, on each storage that bots use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from botkeep import BaseStorage, MemoryStorage, SQLiteStorage, storage_at
from botkeep.testing import AdapterContract

if TYPE_CHECKING:
    from tests.servers.redis_server import RedisServer


class ContractOnEachStorage(AdapterContract):
    """`AdapterContract` in memory, in a file, and on a server."""

    @pytest.fixture(autouse=True, params=["memory", "sqlite", "redis"])
    def _storage_of_the_test(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        if request.param == "redis":
            server: RedisServer = request.getfixturevalue("empty_redis")
            self._made: Any = lambda: storage_at(server.url)
        elif request.param == "sqlite":
            self._made = lambda: SQLiteStorage(tmp_path / "contract.db", durability="normal")
        else:
            self._made = MemoryStorage

    @override
    def create(self) -> BaseStorage:
        made: BaseStorage = self._made()
        return made
