"""Which stored view each message belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from botkeep_discord.views.rows import Row


class _Entry(NamedTuple):
    """What is known of a message.

    Attributes:
        key: the state key of its view.
        channel_id: where it is.
        guild_id: likewise; None: not known.
        sent_at: seconds since the epoch.
    """

    key: str
    channel_id: int
    guild_id: int | None
    sent_at: float


class MessageIndex:
    """The messages of all stored views of one client, also of those that do not answer."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}

    def add(self, key: str, row: Row) -> None:
        """Remember the message of a row.

        Where rows of two keys name one message, a bot was killed as one took the place of the other: the
        message belongs to the later one.
        """
        sent_at = 0.0 if row.registered_at is None else row.registered_at.timestamp()
        other = self._entries.get(row.message_id)
        if other is None or sent_at >= other.sent_at:
            self._entries[row.message_id] = _Entry(key, row.channel_id, row.guild_id, sent_at)

    def remove(self, message_id: int) -> None:
        """Forget a message, if it is known."""
        self._entries.pop(message_id, None)

    def find(self, message_id: int) -> str | None:
        """Return the state key of the view that a message belongs to; None: it belongs to none."""
        entry = self._entries.get(message_id)
        return None if entry is None else entry.key

    def find_in(self, channel_ids: Collection[int], guild_id: int | None) -> list[int]:
        """Return the messages in these channels and threads, or in the guild (None: in none)."""
        return [
            message_id
            for message_id, entry in self._entries.items()
            if entry.channel_id in channel_ids or (guild_id is not None and entry.guild_id == guild_id)
        ]
