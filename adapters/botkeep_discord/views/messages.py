"""The messages that show views: sending and editing them, finding them again, taking the buttons away."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import discord

from botkeep_discord.interactions.sources import connected_client

if TYPE_CHECKING:
    from discord.abc import Messageable

    from botkeep_discord.views.rows import Row

Destination: TypeAlias = "Messageable | discord.Interaction[Any]"
Editable: TypeAlias = "discord.Interaction[Any] | discord.Message | discord.PartialMessage"

_log = logging.getLogger("botkeep.discord")

_RESPONSE_NAMES_ITS_MESSAGE: Final = discord.version_info >= (2, 5)


def client_of(destination: Destination | Editable) -> Any:
    """Return the client that sends there, or has the message; None: the destination does not say."""
    if isinstance(destination, discord.Interaction):
        return destination.client
    # Contexts say so; channels, users and messages do not, but they know the connection they came through.
    client = getattr(destination, "bot", None) or connected_client(destination)
    return client if isinstance(client, discord.Client) else None


def user_of(destination: Destination | Editable | None) -> int | None:
    """Return the id of the user on whose behalf a message is sent there; None: nobody's."""
    asker = destination.user if isinstance(destination, discord.Interaction) else None
    asker = asker or getattr(destination, "author", None)
    return None if asker is None else asker.id


def guild_id_of(
    message: discord.Message | discord.PartialMessage, origin: Destination | Editable | None
) -> int | None:
    """Return the id of the guild (server) that a message is in; None: a direct message, or not known.

    Args:
        message: may not know its guild, if that is not in the client's cache.
        origin: what it was sent to; an interaction knows where it comes from.
    """
    guild = getattr(message, "guild", None)
    if guild is not None:
        guild_id: int = guild.id
        return guild_id
    return getattr(message.channel, "guild_id", None) or getattr(origin, "guild_id", None)


def is_ephemeral(message: discord.Message | discord.PartialMessage) -> bool:
    """Whether only one user sees a message, until their client is closed."""
    flags = getattr(message, "flags", None)
    return flags is not None and flags.ephemeral


def consists_of_components(view: object) -> bool:
    """Whether a message that shows the view has nothing else, so that it cannot lose all its components."""
    return isinstance(view, getattr(discord.ui, "LayoutView", ()))


async def edit(target: Editable, options: dict[str, Any]) -> discord.Message | discord.PartialMessage:
    """Edit a message, or, as the answer to an interaction, the message that it came from, and return it."""
    if not isinstance(target, discord.Interaction):
        return await target.edit(**options)
    response = target.response
    if not response.is_done():
        await response.edit_message(**options)
    elif response.type is discord.InteractionResponseType.deferred_message_update:
        await target.edit_original_response(**options)
    else:
        assert target.message is not None
        await target.message.edit(**options)
    assert target.message is not None
    return target.message


async def delete(message: discord.Message) -> None:
    """Delete a message; what keeps it from being deleted is logged."""
    try:
        await message.delete()
    except discord.HTTPException as exc:
        _log.warning("message %s shows a view that is not stored: %s", message.id, exc)


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
