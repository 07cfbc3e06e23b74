"""FileStorage beside a plain dict, for as long as Hypothesis likes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings

from holdfast.abc import BaseStorage
from holdfast.storages.file import FileStorage
from holdfast.testing.machine import StorageMachine


class FileMachine(StorageMachine):
    def create(self) -> BaseStorage:
        self.folder = tempfile.TemporaryDirectory()
        return FileStorage(Path(self.folder.name) / "bot.json", clock=self.clock)

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestFileMachine = FileMachine.TestCase
TestFileMachine.settings = settings(max_examples=25, stateful_step_count=40)
