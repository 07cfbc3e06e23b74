"""The views of one client that answer, and the messages of all its stored views."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from botkeep.fsm import Ordering
from botkeep_discord.errors import ViewError
from botkeep_discord.persistence import VIEWS
from botkeep_discord.views import messages
from botkeep_discord.views.classes import name_of
from botkeep_discord.views.items import check_items, dynamic_items_of
from botkeep_discord.views.message_index import MessageIndex
from botkeep_discord.views.rows import Row, Rows

if TYPE_CHECKING:
    import discord

    from botkeep_discord.persistence import Persistence
    from botkeep_discord.views.messages import Destination, Editable
    from botkeep_discord.views.restorable import Restorable

REPOST_SECONDS: Final = 1.0
"""Time between the end of a message and that of its state: a bot may delete a panel to send it anew."""

ADOPTION_SECONDS: Final = 1.0
"""Time in which a view that the library sent by itself may be adopted, before its author is warned."""

_log = logging.getLogger("botkeep.discord")


class LiveViews:
    """Keeps in agreement the rows, the views that answer, and what the library dispatches to.

    Args:
        persistence: the client's.

    Attributes:
        rows: of the views that were sent.
        message_index: of the same, whether they answer or not.
    """

    def __init__(self, persistence: Persistence) -> None:
        self._persistence = persistence
        self._client = persistence.client
        self.rows = Rows(persistence.namespace(VIEWS))
        self._alive: dict[str, Restorable] = {}
        self.message_index = MessageIndex()
        self._being_sent: Counter[str] = Counter()
        self._locks = Ordering()

    def find(self, key: str) -> Restorable | None:
        """Return the view that answers under a state key; None: there is none."""
        return self._alive.get(key)

    def all(self) -> list[Restorable]:
        """Return the views that answer."""
        return list(self._alive.values())

    def owns(self, row: Row) -> bool:
        """Whether the view of a row is this client's to keep, as far as anybody knows."""
        bot_id = self._persistence.bot_id
        return bot_id is None or row.bot_id in {None, bot_id}

    # What begins a view's life.

    @asynccontextmanager
    async def sending(self, view: Restorable) -> AsyncIterator[None]:
        """Check that a view can be brought back; it is to be sent inside the block.

        Raises:
            ViewError: it cannot.
        """
        self._being_sent[view.state_key] += 1
        try:
            await self._prepare(view)
            yield
        finally:
            self._being_sent[view.state_key] -= 1
            if not self._being_sent[view.state_key]:
                del self._being_sent[view.state_key]

    async def _prepare(self, view: Restorable) -> None:
        if view.is_finished():
            raise ViewError(view, "was stopped and answers no more; construct a new one")
        view.persistent_record.persistence = self._persistence
        await view.on_bind(self._client)
        # After on_bind: it may add items too.
        check_items(view)

    async def register(
        self,
        view: Restorable,
        message: discord.Message | discord.PartialMessage,
        origin: Destination | Editable | None,
    ) -> None:
        """Store the row of a view that a message shows; it takes the place of an older one of its key.

        Args:
            view: the view.
            message: the message.
            origin: what it was sent to, or edited in answer to; None: neither.

        Raises:
            StateKeyTakenError: the state key is that of another bot's view.
            StorageError: the row could not be stored.
        """
        row = Row(
            class_name=name_of(type(view)),
            channel_id=message.channel.id,
            message_id=message.id,
            guild_id=messages.guild_id_of(message, origin),
            user_id=messages.user_of(origin),
            bot_id=self._persistence.bot_id,
            version=type(view).version,
            keywords=view.persistent_record.keywords,
            layout=messages.consists_of_components(view),
            registered_at=datetime.now(timezone.utc),
        )
        async with self._locks.of(view.state_key):
            replaced = await self.rows.replace(view.state_key, row)
            former = self.message_index.find(row.message_id)
            self._put(view, row)
        if view.is_finished():
            self._store_stop(view.state_key, row.message_id)
        if former is not None and former != view.state_key:
            await self.unregister(former, row.message_id)
            self.listen(view, row.message_id)
        if replaced is not None and replaced.message_id != row.message_id:
            self.message_index.remove(replaced.message_id)
            await messages.retire(self._client, replaced)

    async def attach(self, view: Restorable, row: Row) -> None:
        """Attach a view that was constructed from its row to its message again.

        Raises:
            ViewError: an item of it would not be known again.
        """
        await self._prepare(view)
        if self.is_at(view.state_key, row.message_id):
            self._put(view, row)
            self.listen(view, row.message_id)

    def listen(self, view: Restorable, message_id: int) -> None:
        """Have the library dispatch what happens on a message to a view."""
        if not view.is_finished():
            self._client.add_view(view, message_id=message_id)

    def _put(self, view: Restorable, row: Row) -> None:
        view.persistent_record.row = row
        older = self._alive.pop(view.state_key, None)
        self.message_index.add(view.state_key, row)
        if older is not None and older is not view:
            older.stop()
            if self._message_id_of(older) == row.message_id:
                # The library has forgotten, with the older view, which items answer to this message.
                self.listen(view, row.message_id)
        if not view.is_finished():
            self._alive[view.state_key] = view

    # What ends it.

    async def unregister(self, key: str, message_id: int, *, forget_state: bool = False) -> bool:
        """Forget the view on a message: no row, no answers. True if there was a row.

        Args:
            key: the state key.
            message_id: the message; nothing happens to a view that is on another one.
            forget_state: also forget what the view remembers.
        """
        async with self._locks.of(key):
            if forget_state and await self.rows.is_about(key, message_id):
                await self._persistence.state_of(key).delete()
            removed = await self.rows.remove(key, message_id=message_id)
            if self.is_at(key, message_id):
                self.message_index.remove(message_id)
            self._silence(key, message_id)
        return removed

    def _silence(self, key: str, message_id: int) -> None:
        view = self._alive.get(key)
        if view is not None and self._message_id_of(view) == message_id:
            del self._alive[key]
            view.stop()

    def stopped(self, view: Restorable) -> None:
        """Remember that a view has stopped, unless it has stopped because it was replaced or removed."""
        # The library forgets a dynamic item's class with the first view that shows one.
        if dynamic := dynamic_items_of(view):
            self._client.add_dynamic_items(*dynamic)
        message_id = self._message_id_of(view)
        if self._alive.get(view.state_key) is view and message_id is not None:
            del self._alive[view.state_key]
            self._store_stop(view.state_key, message_id)

    def _store_stop(self, key: str, message_id: int) -> None:
        self._persistence.keep_trying(lambda: self._mark_stopped(key, message_id))

    async def _mark_stopped(self, key: str, message_id: int) -> None:
        async with self._locks.of(key):
            await self.rows.mark_stopped(key, message_id=message_id)

    # What happens to their messages.

    def is_at(self, key: str, message_id: int) -> bool:
        """Whether a message belongs to a state key."""
        return self.message_index.find(message_id) == key

    @staticmethod
    def _message_id_of(view: Restorable) -> int | None:
        row = view.persistent_record.row
        return None if row is None else row.message_id

    def messages_deleted(self, message_ids: Iterable[int]) -> None:
        """Forget the views on messages that are gone, with their states."""
        found = {message_id: self.message_index.find(message_id) for message_id in message_ids}
        gone = {message_id: key for message_id, key in found.items() if key is not None}
        if gone:
            for message_id, key in gone.items():
                self._silence(key, message_id)
            self._persistence.run_in_background(self._forget(gone))

    def channels_deleted(self, channel_ids: Collection[int], guild_id: int | None = None) -> None:
        """Forget the views in channels, threads or a guild that are gone, with their states."""
        self.messages_deleted(self.message_index.find_in(channel_ids, guild_id))

    async def _forget(self, gone: dict[int, str]) -> None:
        await self._persistence.pause(REPOST_SECONDS)
        forgotten = [
            self.unregister(key, message_id, forget_state=True)
            for message_id, key in gone.items()
            if key not in self._being_sent
        ]
        for outcome in await asyncio.gather(*forgotten, return_exceptions=True):
            if isinstance(outcome, BaseException):
                # The next start finds the message gone.
                _log.error("a view whose message is gone is still stored: %s", outcome, exc_info=outcome)

    def shown(self, view: Restorable, message_id: int) -> None:
        """Warn of a view that the library put on a message, unless it is adopted soon."""
        if not (view.state_key in self._being_sent or self._message_id_of(view) == message_id):
            self._persistence.run_in_background(self._warn_unless_adopted(view, message_id))

    async def _warn_unless_adopted(self, view: Restorable, message_id: int) -> None:
        await self._persistence.pause(ADOPTION_SECONDS)
        if self._message_id_of(view) != message_id and not view.is_finished():
            _log.warning(
                "%s %r is shown by message %s without being stored, and will not answer after a restart: "
                "show it with view.send(...) or view.edit_message(...), or call view.adopt(message)",
                type(view).__qualname__,
                view.state_key,
                message_id,
            )
