"""Answers to a user that come from Holdfast rather than from the bot's author."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import discord


async def answer(interaction: discord.Interaction[Any], text: str) -> None:
    """Tell the user something that nobody else sees, unless the interaction was answered already."""
    if interaction.response.is_done():
        return
    # Somebody else may answer at the same moment, or Discord may have stopped waiting.
    with suppress(discord.HTTPException, discord.InteractionResponded):
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await interaction.response.send_message(text, ephemeral=True)
