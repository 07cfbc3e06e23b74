"""What the tests of this adapter share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botkeep import BaseStorage, SQLiteStorage


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    """A storage on disk, opened."""
    async with SQLiteStorage(tmp_path / "bot.db", durability="normal") as opened:
        yield opened
