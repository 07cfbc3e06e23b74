"""What interactions, messages and the contexts of prefix commands have in common, under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import discord

from botkeep import Subject

if TYPE_CHECKING:
    from discord.ext import commands

InvocationSource: TypeAlias = "discord.Interaction[Any] | commands.Context[Any]"
"""What a command, a button or a modal is invoked by."""

Source: TypeAlias = "InvocationSource | discord.Message"


def interaction_of(source: InvocationSource) -> discord.Interaction[Any] | None:
    """Return the interaction that it is, or that a hybrid command's context came from."""
    return source if isinstance(source, discord.Interaction) else source.interaction


def client_of(source: Source) -> Any:
    """Return the client that got it."""
    if isinstance(source, discord.Message):
        return connected_client(source)
    return source.client if isinstance(source, discord.Interaction) else source.bot


def connected_client(thing: object) -> Any:
    """Return the client that a channel, a user or a message came through; None: it does not say."""
    connection = getattr(thing, "_state", None)
    return getattr(connection, "_get_client", lambda: None)()


def user_id_of(source: Source) -> int | None:
    """Return the id of who speaks; None: a webhook, whose author is nobody's account."""
    if not isinstance(source, discord.Message):
        interaction = interaction_of(source)
        if interaction is not None:
            return interaction.user.id
    message = source if isinstance(source, discord.Message) else source.message
    assert message is not None
    return None if message.webhook_id is not None else message.author.id


def subject_of(source: Source) -> Subject:
    """Return whom it is about; the chat is the channel, and a thread is a channel of its own."""
    channel_id = source.channel_id if isinstance(source, discord.Interaction) else source.channel.id
    return Subject(client_of(source).user.id, chat_id=channel_id, user_id=user_id_of(source))
