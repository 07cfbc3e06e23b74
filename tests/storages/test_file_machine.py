"""FileStorage beside a plain dict, for as long as Hypothesis likes, with restarts in between."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import rule

from botkeep import FileStorage
from botkeep.abc import BaseStorage
from botkeep.testing.machine import StorageMachine


class FileMachine(StorageMachine):
    def create(self) -> BaseStorage:
        self.folder = tempfile.TemporaryDirectory()
        return FileStorage(Path(self.folder.name) / "bot.json", clock=self.clock)

    @rule()
    def restart(self) -> None:
        """Everything goes through the file."""
        self.run(self.storage.stop())
        self.run(self.storage.start())

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestFileMachine = FileMachine.TestCase
TestFileMachine.settings = settings(max_examples=25, stateful_step_count=40)
