from __future__ import annotations

import warnings
from collections.abc import AsyncIterator

import discord
import pytest
from tests.adapters.discord.server import DiscordServer, redirect

from botkeep import MemoryStorage


@pytest.fixture(autouse=True)
def _old_library() -> None:
    """Let an old version of the library call a newer aiohttp in its own way."""
    if discord.version_info < (2, 5):
        warnings.filterwarnings("ignore", "parameter 'timeout' of type 'float'", DeprecationWarning)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    """A Discord of the test's own, which the library takes for the real one."""
    async with DiscordServer() as running:
        redirect(running.port, monkeypatch.setattr)
        yield running


@pytest.fixture
async def storage() -> AsyncIterator[MemoryStorage]:
    """What outlives one bot and is given to the next."""
    storage = MemoryStorage()
    yield storage
    await storage.stop()
