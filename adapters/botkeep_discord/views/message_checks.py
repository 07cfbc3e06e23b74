"""Whether the messages of stored views still exist."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

import discord

if TYPE_CHECKING:
    from botkeep_discord.views.rows import Row

CALL_SECONDS: Final = 10.0
"""How long Discord may take for one answer: the library repeats what failed, for up to half a minute."""

_log = logging.getLogger("botkeep.discord")


class MessageStatus(enum.Enum):
    """What is known of a message."""

    EXISTS = "exists"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class MessageChecker:
    """Checks messages for one client; asks for each channel, and for the bot's guilds, once.

    Args:
        client: has ``get_channel`` and ``fetch_channel``.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._answers: dict[int | None, asyncio.Task[Any]] = {}

    async def check(self, row: Row) -> MessageStatus:
        """Return whether the message of a row exists.

        Only Discord's "not found" counts as deleted, and "forbidden" in a guild that the bot has left.
        """
        try:
            channel = self._client.get_channel(row.channel_id) or await self._channel(row.channel_id)
            if not hasattr(channel, "fetch_message"):
                raise TypeError(f"{channel!r} has no messages")  # noqa: TRY301 # handled as any other failure
            await asyncio.wait_for(channel.fetch_message(row.message_id), CALL_SECONDS)
        except discord.NotFound:
            return MessageStatus.DELETED
        except Exception as exc:  # noqa: BLE001 # whatever it is, it does not say that the message is gone
            if isinstance(exc, discord.Forbidden) and await self._has_left(row.guild_id):
                return MessageStatus.DELETED
            _log.warning("message %s could not be checked: %s", row.message_id, repr(exc))
            return MessageStatus.UNKNOWN
        return MessageStatus.EXISTS

    async def _has_left(self, guild_id: int | None) -> bool:
        if guild_id is None or not hasattr(self._client, "fetch_guilds"):
            return False
        try:
            return guild_id not in await self._once(None, self._guild_ids)
        except Exception as exc:  # noqa: BLE001 # as above
            _log.warning("the guilds of the bot could not be listed: %s", repr(exc))
            return False

    async def _guild_ids(self) -> set[int]:
        return {guild.id async for guild in self._client.fetch_guilds(limit=None)}

    async def _channel(self, channel_id: int) -> Any:
        return await self._once(channel_id, lambda: self._client.fetch_channel(channel_id))

    async def _once(self, key: int | None, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Return what Discord answers, or raise its error; all who ask for the same share one call."""
        if key not in self._answers:
            answer = asyncio.ensure_future(asyncio.wait_for(ask(), CALL_SECONDS))
            # Whoever waited for it may have given up: then nobody else would retrieve its error.
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._answers[key] = answer
        return await asyncio.shield(self._answers[key])
