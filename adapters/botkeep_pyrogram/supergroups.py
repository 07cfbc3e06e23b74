"""Groups that become supergroups, and get another id: their dialogues move along."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from pyrogram import raw, utils

from botkeep import BotkeepError
from botkeep.fsm import move_dialogues

Parser: TypeAlias = "Callable[[Any, Any, Any], Awaitable[Any]]"

# The stubs that mypy makes of it name nothing.
_types: Any = raw.types

_log = logging.getLogger("botkeep.pyrogram")


def follow_supergroups(client: Any) -> None:
    """Move the dialogues of a group before the message that tells of its new id reaches filters and handlers.

    Telegram sends one message to each of the two chats. A storage that fails then keeps nothing else from
    being handled: it is logged, and the other message is the second chance.

    Args:
        client: a client of this package.
    """
    parsers = client.dispatcher.update_parsers
    for kind in (_types.UpdateNewMessage, _types.UpdateNewChannelMessage):
        parsers[kind] = _moving(client, parsers[kind])


def _moving(client: Any, parse: Parser) -> Parser:
    @functools.wraps(parse)
    async def parse_and_move(update: Any, users: Any, chats: Any) -> Any:
        ids = _old_and_new_id(update.message)
        if ids is not None:
            try:
                await move_dialogues(client.botkeep, client.me.id, *ids)
            except BotkeepError:
                _log.exception("The dialogues of the group %s could not be moved to the supergroup %s", *ids)
        return await parse(update, users, chats)

    return parse_and_move


def _old_and_new_id(message: Any) -> tuple[int, int] | None:
    action = getattr(message, "action", None)
    here = getattr(message, "peer_id", None)
    if isinstance(action, _types.MessageActionChatMigrateTo):
        return utils.get_peer_id(here), utils.get_peer_id(_types.PeerChannel(channel_id=action.channel_id))
    if isinstance(action, _types.MessageActionChannelMigrateFrom):
        return utils.get_peer_id(_types.PeerChat(chat_id=action.chat_id)), utils.get_peer_id(here)
    return None
