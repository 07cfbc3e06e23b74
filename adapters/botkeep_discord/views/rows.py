"""The rows: what is stored of each view that was sent, one document per state key."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botkeep import KEEP_TTL, CorruptDocumentError, DocumentError, documents
from botkeep_discord.errors import StateKeyTakenError

if TYPE_CHECKING:
    from botkeep import BaseStorage

_ABSENT: Final = object()
_TOGETHER: Final = 1000
"""Rows that are read at once: they share their calls to the engine."""


@dataclasses.dataclass(frozen=True)
class Row:
    """Enough to construct a view again and to find its message.

    Attributes:
        class_name: see `botkeep_discord.views.classes`.
        channel_id: where the message is.
        message_id: the message that shows the view.
        guild_id: the channel's guild (server); None: a direct message, or not known.
        user_id: who had the view sent; None: nobody in particular.
        bot_id: the bot that sent it; None: not known.
        version: of the class, and of its keywords.
        keywords: what the class is constructed with.
        layout: the message consists of components only, so that it cannot lose them all.
        registered_at: when it was sent.
        stopped: the view answers no more, in no later process either; its message may still be there.
    """

    class_name: str
    channel_id: int
    message_id: int
    guild_id: int | None = None
    user_id: int | None = None
    bot_id: int | None = None
    version: int = 1
    keywords: dict[str, Any] = dataclasses.field(default_factory=dict)
    layout: bool = False
    registered_at: datetime | None = None
    stopped: bool = False


def read_row(document: Any) -> Row:
    """Return a stored document as a row.

    Raises:
        DocumentError: it does not fit; the error names the field.
    """
    return documents.convert(document, Row)


def _readable(document: Any) -> Row | None:
    try:
        return None if document is None else read_row(document)
    except DocumentError:
        return None


def _is_about(document: Any, message_id: int) -> bool:
    return isinstance(document, dict) and document.get("message_id") == message_id


class Rows:
    """The rows of one storage.

    Args:
        stored: a namespace that nothing else uses.
    """

    def __init__(self, stored: BaseStorage) -> None:
        self._stored = stored

    async def replace(self, key: str, row: Row) -> Row | None:
        """Store a row and return the one it takes the place of; None: none, or none that can be read.

        Raises:
            StateKeyTakenError: that one is another bot's.
        """
        replaced: Row | None = None

        def change(document: Any) -> Any:
            nonlocal replaced
            replaced = _readable(document)
            other = None if replaced is None else replaced.bot_id
            if other is not None and other != row.bot_id:
                raise StateKeyTakenError(key, other)
            return dataclasses.asdict(row)

        # The row of a view that is sent anew lives as long as a new one.
        await self._stored.update(key, change, ttl=None)
        return replaced

    async def mark_stopped(self, key: str, *, message_id: int) -> None:
        """Remember that the view on this message answers no more, if the row is still about it."""
        while _is_about(document := await self._stored.get_state(key), message_id):
            stopped = {**document, "stopped": True}
            if await self._stored.compare_and_set(key, stopped, expected=document, ttl=KEEP_TTL):
                return

    async def is_about(self, key: str, message_id: int) -> bool:
        """Whether the row of a state key is about this message."""
        return _is_about(await self._stored.get_state(key), message_id)

    async def remove(self, key: str, *, message_id: int) -> bool:
        """Remove the row if it is still about this message; True if it was."""
        return await self.is_about(key, message_id) and await self._stored.delete_state(key)

    async def all(self) -> AsyncIterator[tuple[str, Row | DocumentError | CorruptDocumentError]]:
        """Yield (state key, row), in the order of the keys; the error where a row cannot be read."""
        keys = await self._stored.list_keys()
        for start in range(0, len(keys), _TOGETHER):
            page = keys[start : start + _TOGETHER]
            for key, row in zip(page, await asyncio.gather(*map(self._read, page)), strict=True):
                if row is not None:
                    yield key, row

    async def _read(self, key: str) -> Row | DocumentError | CorruptDocumentError | None:
        try:
            document = await self._stored.get_state(key, _ABSENT)
            return None if document is _ABSENT else read_row(document)
        except (DocumentError, CorruptDocumentError) as exc:
            return exc
