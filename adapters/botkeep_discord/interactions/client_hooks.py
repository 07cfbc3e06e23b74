"""Where Botkeep takes part in the life of a client: its events, its interactions, its end.

All of it can be done to a client that was made elsewhere. Only `enter_interactions` needs something that the
library does not document: the table of what reads each kind of gateway event.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from botkeep import acting_user
from botkeep_discord.interactions.scope import InteractionScope, current_scope, within

if TYPE_CHECKING:
    from botkeep_discord.persistence import Persistence

_log = logging.getLogger("botkeep.discord")

_INTERACTION = "INTERACTION_CREATE"


def take_part(persistence: Persistence, *, timeout: float, apology: str) -> None:
    """Hook into everything that the persistence's client has; lets go of it when the client is closed."""
    client = persistence.client
    if hasattr(client, "wait_for"):
        _hear(persistence, "raw_message_delete", lambda event: persistence.message_deleted(event.message_id))
        _hear(persistence, "raw_bulk_message_delete", functools.partial(_deleted_together, persistence))
        _hear(persistence, "interaction", _arrived)
    enter_interactions(persistence, timeout=timeout, apology=apology)
    if isinstance(client, commands.bot.BotBase):
        _replace(persistence, "invoke", _as_author)
    if hasattr(client, "close"):
        _replace(persistence, "close", functools.partial(_and_storage, persistence))


def _hear(persistence: Persistence, event: str, handle: Callable[[Any], None]) -> None:
    """Call ``handle`` at each such event: the one way that a plain Client and a Bot have in common."""

    def check(*payload: Any) -> bool:
        # Called for each event while it is dispatched; what it never accepts is never done waiting.
        handle(*payload)
        return False

    persistence.attend(persistence.client.wait_for(event, check=check))


def _deleted_together(persistence: Persistence, event: discord.RawBulkMessageDeleteEvent) -> None:
    for message_id in event.message_ids:
        persistence.message_deleted(message_id)


def _arrived(interaction: discord.Interaction[Any]) -> None:
    scope = current_scope()
    if scope is not None:
        scope.interaction = interaction


def enter_interactions(persistence: Persistence, *, timeout: float, apology: str) -> None:
    """Run what each interaction starts, be it command, component or modal, in a scope of its own."""
    parsers = getattr(getattr(persistence.client, "_connection", None), "parsers", None)
    if parsers is None or _INTERACTION not in parsers:
        if isinstance(persistence.client, discord.Client):
            _log.warning("this discord.py is not known: botkeep.user and the timeout of calls do not work")
        return
    parse = parsers[_INTERACTION]

    @functools.wraps(parse)
    def parse_in_scope(data: Any) -> None:
        sender = data.get("user") or data.get("member", {}).get("user", {})
        user_id = sender.get("id")
        with acting_user(None if user_id is None else int(user_id)):
            within(InteractionScope(timeout, apology), lambda: parse(data))

    parsers[_INTERACTION] = parse_in_scope
    persistence.at_close(lambda: parsers.update({_INTERACTION: parse}))


def _replace(persistence: Persistence, name: str, around: Callable[[Any], Any]) -> None:
    """Put something around a method of this one client, until it is closed."""
    client = persistence.client
    method, own = getattr(client, name), vars(client).get(name)
    setattr(client, name, functools.wraps(method)(around(method)))
    persistence.at_close(lambda: setattr(client, name, own) if own else delattr(client, name))


def _as_author(invoke: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def invoke_as_author(context: commands.Context[Any], /) -> None:
        with acting_user(context.author.id):
            await invoke(context)

    return invoke_as_author


def _and_storage(persistence: Persistence, close: Callable[[], Any]) -> Callable[[], Any]:
    async def close_client_and_storage() -> None:
        persistence.stop_watching()
        try:
            await close()
        finally:
            # Whoever gives up waiting leaves the storage closing all the same.
            await asyncio.shield(asyncio.ensure_future(persistence.close()))

    return close_client_and_storage
