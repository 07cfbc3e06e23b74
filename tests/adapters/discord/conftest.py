from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from holdfast import MemoryStorage

with warnings.catch_warnings():
    # The library imports audioop, which Python 3.13 no longer has.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord  # noqa: F401

if TYPE_CHECKING:
    from tests.adapters.discord.server import DiscordServer


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    """A Discord of the test's own, which the library takes for the real one."""
    from tests.adapters.discord.server import DiscordServer, redirect

    async with DiscordServer() as running:
        redirect(running.port, monkeypatch.setattr)
        yield running


@pytest.fixture
async def storage() -> AsyncIterator[MemoryStorage]:
    """What outlives one bot and is given to the next."""
    storage = MemoryStorage()
    yield storage
    await storage.stop()
