"""The messages that show views: sending them, finding them again, taking a dead view's buttons away."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import discord

if TYPE_CHECKING:
    from discord.abc import Messageable

    from botkeep_discord.views.rows import Row

Destination: TypeAlias = "Messageable | discord.Interaction[Any]"

_log = logging.getLogger("botkeep.discord")

_RESPONSE_NAMES_ITS_MESSAGE: Final = discord.version_info >= (2, 5)


def client_of(destination: Destination) -> Any:
    """Return the client that sends there; None: the destination does not say."""
    if isinstance(destination, discord.Interaction):
        return destination.client
    # Contexts say so; channels and users do not, but they know the connection that they came through.
    state = getattr(destination, "_state", None)
    client = getattr(destination, "bot", None) or getattr(state, "_get_client", lambda: None)()
    return client if isinstance(client, discord.Client) else None


def user_of(destination: Destination) -> int | None:
    """Return the id of the user on whose behalf a message is sent there."""
    asker = destination.user if isinstance(destination, discord.Interaction) else None
    asker = asker or getattr(destination, "author", None)
    return None if asker is None else asker.id


async def send(destination: Destination, content: str | None, options: dict[str, Any]) -> discord.Message:
    """Send a message, or answer an interaction with it, first or later, and return it."""
    if content is not None:
        options["content"] = content
    if not isinstance(destination, discord.Interaction):
        return await destination.send(**options)
    if not destination.response.is_done():
        if _RESPONSE_NAMES_ITS_MESSAGE:
            return await _respond(destination, options)
        # Elsewhere the library files the view under no message, where the next one would take its place.
        await destination.response.defer()
    message = await destination.followup.send(**options, wait=True)
    return cast("discord.Message", message)


async def _respond(interaction: discord.Interaction[Any], options: dict[str, Any]) -> discord.Message:
    response = await interaction.response.send_message(**options)
    if isinstance(response.resource, discord.Message):
        return response.resource
    return await interaction.original_response()


def partial_message(client: Any, row: Row) -> discord.PartialMessage:
    """Return the message of a row without asking Discord for it."""
    channel = client.get_partial_messageable(row.channel_id, guild_id=row.guild_id)
    message: discord.PartialMessage = channel.get_partial_message(row.message_id)
    return message


async def retire(client: Any, row: Row) -> None:
    """Take the view away from its message; one that consists of nothing else is deleted.

    What cannot be done is logged: its view is dead either way.
    """
    try:
        message = partial_message(client, row)
        await (message.delete() if row.layout else message.edit(view=None))
    except discord.NotFound:
        pass
    except (discord.HTTPException, AttributeError) as exc:
        _log.warning("message %s still shows a view that is no longer alive: %s", row.message_id, exc)
