from __future__ import annotations

import warnings
from collections.abc import AsyncIterator

import pytest

from botkeep import BaseStorage, MemoryStorage

with warnings.catch_warnings():
    # The library imports audioop, which Python 3.13 no longer has.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord  # noqa: F401


@pytest.fixture
async def target() -> AsyncIterator[BaseStorage]:
    """Where to import."""
    async with MemoryStorage() as storage:
        yield storage
