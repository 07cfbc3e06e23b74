"""What the tests of this adapter share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botkeep import BaseStorage, SQLiteStorage


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    """A storage on disk, opened by its first use."""
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()
