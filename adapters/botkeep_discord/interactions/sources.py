"""What interactions and the contexts of prefix commands have in common, under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import discord

if TYPE_CHECKING:
    from discord.ext import commands

Use: TypeAlias = "discord.Interaction[Any] | commands.Context[Any]"


def interaction_of(use: Use) -> discord.Interaction[Any] | None:
    """Return the interaction that it is, or that a hybrid command's context came from."""
    return use if isinstance(use, discord.Interaction) else use.interaction


def client_of(use: Use) -> Any:
    """Return the client that is used."""
    return use.client if isinstance(use, discord.Interaction) else use.bot


def user_of(use: Use) -> discord.User | discord.Member:
    """Return who uses it."""
    return use.user if isinstance(use, discord.Interaction) else use.author


def channel_id_of(use: Use) -> int | None:
    """Return the id of the channel, or thread, where it is used."""
    return use.channel_id if isinstance(use, discord.Interaction) else use.channel.id
