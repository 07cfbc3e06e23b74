"""Bots as a user writes them, and how the tests run them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import discord
from discord.ext import commands
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.server import logged_in

from botkeep import BaseStorage
from botkeep_discord import PersistentView, RestoreSummary, setup_persistence

Running = TypeVar("Running", bound=discord.Client)


class Counter(PersistentView):
    """One button that counts its clicks."""

    def __init__(self, *, state_key: str, step: int = 1) -> None:
        super().__init__(state_key=state_key)
        self.step = step

    @discord.ui.button(label="+", custom_id="add")
    async def add(self, interaction: discord.Interaction, _: discord.ui.Button[Counter]) -> None:
        total = await self.state.increment("clicks", self.step)
        await interaction.response.send_message(f"{total} clicks", ephemeral=True)


class Bot(commands.Bot):
    """A bot whose views survive; ``options`` are for `setup_persistence`.

    Attributes:
        summary: what became of the stored views at its start.
    """

    def __init__(self, **options: Any) -> None:
        # The server has no guilds to wait for.
        super().__init__("!", intents=discord.Intents.default(), guild_ready_timeout=0.01)
        self.options = options
        self.summary = RestoreSummary()

    async def setup_hook(self) -> None:
        self.summary = await setup_persistence(self, **self.options)

    @property
    def channel(self) -> discord.PartialMessageable:
        """Where the tests send their views."""
        return self.get_partial_messageable(CHANNEL)


@asynccontextmanager
async def running(client: Running) -> AsyncIterator[Running]:
    """Have a client logged in, and closed at the end."""
    task = await logged_in(client)
    try:
        yield client
    finally:
        await client.close()
        await task


@asynccontextmanager
async def restarted(storage: BaseStorage, **options: Any) -> AsyncIterator[Bot]:
    """Have a new bot on a storage that an earlier one has used."""
    async with running(Bot(backend=storage, **options)) as bot:
        yield bot


def rows_of(storage: BaseStorage) -> BaseStorage:
    """Return the place of the rows."""
    return storage.namespace("discord").namespace("views")


def row(view_class: type = Counter, message_id: int = 900, **fields: Any) -> dict[str, Any]:
    """Return a row as an earlier bot has stored it."""
    return {
        "class_name": f"{view_class.__module__}.{view_class.__qualname__}",
        "channel_id": CHANNEL,
        "message_id": message_id,
        **fields,
    }
