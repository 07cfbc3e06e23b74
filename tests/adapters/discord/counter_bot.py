"""A bot with one command, ``/panel``, and a counter; the tests kill it."""

from __future__ import annotations

import os

import discord
from tests.adapters.discord.bots import Bot, Counter

from botkeep import SQLiteStorage


async def panel(interaction: discord.Interaction) -> None:
    await Counter(state_key="lobby").send(interaction)
    await interaction.followup.send("stored")


if __name__ == "__main__":
    bot = Bot(backend=SQLiteStorage(os.environ["DATABASE"]))
    bot.tree.command(description="panel")(panel)
    bot.run(os.environ["BOT_TOKEN"])
