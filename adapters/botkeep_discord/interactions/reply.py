"""Replies to a user that come from Botkeep rather than from the bot's author."""

from __future__ import annotations

import logging
from typing import Any

import discord

_log = logging.getLogger("botkeep.discord")


async def reply_ephemeral(interaction: discord.Interaction[Any], text: str) -> None:
    """Tell the user something that nobody else sees, unless the interaction was answered already."""
    if interaction.response.is_done():
        return
    try:
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except Exception as exc:  # noqa: BLE001 # answered meanwhile, too late, offline: nobody can do more about it
        _log.info("no answer to %r: %s", interaction, exc)
