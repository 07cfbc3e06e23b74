"""Memory and SQLite beside a plain dict, for as long as Hypothesis likes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings

from botkeep import MemoryStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.testing.machine import StorageMachine


class MemoryMachine(StorageMachine):
    def create(self) -> BaseStorage:
        return MemoryStorage(clock=self.clock)


class SQLiteMachine(StorageMachine):
    def create(self) -> BaseStorage:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "bot.db"
        return SQLiteStorage(path, durability="normal", clock=self.clock)

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(max_examples=60, stateful_step_count=40)

TestSQLiteMachine = SQLiteMachine.TestCase
TestSQLiteMachine.settings = settings(max_examples=25, stateful_step_count=40)
