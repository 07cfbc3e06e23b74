"""Looking whether the message of a stored view still exists."""

from __future__ import annotations

import asyncio
import enum
import logging
from typing import TYPE_CHECKING, Any, Final

import discord

from botkeep._core.mutexes import KeyedMutexes

if TYPE_CHECKING:
    from botkeep_discord.views.rows import Row

CALL_SECONDS: Final = 10.0
"""How long Discord may take for one answer: the library repeats what failed, for up to half a minute."""

_log = logging.getLogger("botkeep.discord")


class Presence(enum.Enum):
    """What is known of a message."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


class MessageLooks:
    """Looks at messages for one client; asks for each channel once.

    Args:
        client: has ``get_channel`` and ``fetch_channel``.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._channels: dict[int, Any] = {}
        self._turns = KeyedMutexes()

    async def look(self, row: Row) -> Presence:
        """Say whether the message of a row is there. Only Discord's "not found" is taken for "gone"."""
        try:
            channel = await self._channel(row.channel_id)
            if not hasattr(channel, "fetch_message"):
                raise TypeError(f"{channel!r} has no messages")  # noqa: TRY301 # handled as any other trouble
            await asyncio.wait_for(channel.fetch_message(row.message_id), CALL_SECONDS)
        except discord.NotFound:
            return Presence.GONE
        except Exception as exc:  # noqa: BLE001 # whatever it is, it does not say that the message is gone
            _log.warning("message %s could not be looked at: %s", row.message_id, repr(exc))
            return Presence.UNKNOWN
        return Presence.THERE

    async def _channel(self, channel_id: int) -> Any:
        channel = self._client.get_channel(channel_id)
        if channel is not None:
            return channel
        async with self._turns.of(channel_id):
            if channel_id not in self._channels:
                self._channels[channel_id] = await self._fetched(channel_id)
        found = self._channels[channel_id]
        if isinstance(found, Exception):
            raise found
        return found

    async def _fetched(self, channel_id: int) -> Any:
        """Return the channel, or the error: it holds for all its messages."""
        try:
            return await asyncio.wait_for(self._client.fetch_channel(channel_id), CALL_SECONDS)
        except Exception as exc:  # noqa: BLE001 # `look` tells one from the other
            return exc
