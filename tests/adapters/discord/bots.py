"""Bots as a user writes them, and how the tests run them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import discord
from discord.ext import commands
from tests.adapters.discord.server import logged_in
from typing_extensions import override

from holdfast_discord import PersistentView, RestoreSummary, setup_persistence

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

    @override
    async def setup_hook(self) -> None:
        self.summary = await setup_persistence(self, **self.options)


@asynccontextmanager
async def running(client: Running) -> AsyncIterator[Running]:
    """Have a client logged in, and closed at the end."""
    task = await logged_in(client)
    try:
        yield client
    finally:
        await client.close()
        await task
