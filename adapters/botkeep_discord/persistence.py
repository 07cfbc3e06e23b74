"""What keeps the views of one client: its storage, its rows, and which views are alive."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from botkeep._core.mutexes import KeyedMutexes
from botkeep_discord.errors import NotSetUpError, ViewError
from botkeep_discord.interactions.deadline_storage import DeadlineEngine
from botkeep_discord.views import messages
from botkeep_discord.views.classes import name_of
from botkeep_discord.views.grouped_updates import GroupedUpdates
from botkeep_discord.views.items import check_items, dynamic_items_of
from botkeep_discord.views.rows import Row, Rows
from botkeep_discord.views.state import ViewState

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import discord

    from botkeep import BaseStorage
    from botkeep_discord.views.persistent import Persistent

NAMESPACE: Final = "discord"
VIEWS: Final = "views"
STATES: Final = "states"
"""Inside the storage: rows under ``discord/views``, what views remember under ``discord/states``."""

_log = logging.getLogger("botkeep.discord")

_active: dict[int, Persistence] = {}


class Persistence:
    """The persistence of one client; made by `setup_persistence`.

    Args:
        client: the client (bot).
        storage: where everything is stored; closed with the last client that uses it.
        source: what the caller gave for it, to tell whether a second call means the same.

    Attributes:
        storage: the same, with calls that respect an interaction's deadline.
        alive: the views that answer, by state key.
    """

    def __init__(self, client: Any, storage: BaseStorage, source: object = None) -> None:
        self.client = client
        self.source = source
        self.given_storage = storage
        self.storage: BaseStorage = storage.on_engine(DeadlineEngine(storage.engine))
        own = self.storage.namespace(NAMESPACE)
        self.rows: Rows = Rows(own.namespace(VIEWS))
        self._states = own.namespace(STATES)
        self._updates = GroupedUpdates(self._states)
        self.alive: dict[str, Persistent] = {}
        self._keys: dict[int, str] = {}
        self._turns = KeyedMutexes()
        self._work: set[asyncio.Task[Any]] = set()
        self._watches: set[asyncio.Task[Any]] = set()
        self._closers: list[Callable[[], None]] = []

    @property
    def bot_id(self) -> int | None:
        """The id of the bot's user; None before it has logged in, or if it never does."""
        return getattr(getattr(self.client, "user", None), "id", None)

    def owns(self, row: Row) -> bool:
        """Whether the view of a row is this client's to keep, as far as anybody knows."""
        return self.bot_id is None or row.bot_id in {None, self.bot_id}

    def state_of(self, key: str) -> ViewState:
        """Return the state that belongs to a state key."""
        return ViewState(self._states, self._updates, key)

    # The life of a view.

    async def prepare(self, view: Persistent) -> None:
        """Make sure that a view can be brought back, before anybody sees it."""
        if view.is_finished():
            raise ViewError(view, "was stopped and answers no more; construct a new one")
        check_items(view)
        view._persistence = self
        await view.on_bind(self.client)

    async def register(self, view: Persistent, message: discord.Message, user_id: int | None) -> None:
        """Store the row of a view that was sent, and let it take the place of an older one of its key.

        If the row cannot be stored, the message is deleted again: its buttons would die with the bot.
        """
        row = Row(
            class_name=name_of(type(view)),
            channel_id=message.channel.id,
            message_id=message.id,
            guild_id=getattr(getattr(message, "guild", None), "id", None),
            user_id=user_id,
            bot_id=self.bot_id,
            version=type(view).version,
            keywords=view._keywords,
            layout=view._all_components,
            registered_at=datetime.now(timezone.utc),
        )
        async with self._turns.of(view.state_key):
            try:
                replaced = await self.rows.replace(view.state_key, row)
            except BaseException:
                self.spawn(message.delete())
                raise
            self._put(view, row)
        if replaced is not None and replaced.message_id != row.message_id:
            self._keys.pop(replaced.message_id, None)
            await messages.retire(self.client, replaced)

    async def attach(self, view: Persistent, row: Row) -> None:
        """Let a view that was constructed from its row answer to its message again."""
        await self.prepare(view)
        self.client.add_view(view, message_id=row.message_id)
        self._put(view, row)

    def _put(self, view: Persistent, row: Row) -> None:
        view._row = row
        older = self.alive.get(view.state_key)
        self.alive[view.state_key] = view
        self.know(view.state_key, row)
        if older is not None and older is not view:
            self._silence(older)

    def _silence(self, view: Persistent) -> None:
        view.stop()
        # The library forgets a dynamic item's class with the first view that shows one.
        dynamic = dynamic_items_of(view)
        if dynamic:
            self.client.add_dynamic_items(*dynamic)

    async def unregister(self, key: str, message_id: int) -> bool:
        """Forget the view on a message: no row, no answers. True if there was a row."""
        async with self._turns.of(key):
            removed = await self.rows.remove(key, message_id=message_id)
            self._keys.pop(message_id, None)
            view = self.alive.get(key)
            if view is not None and view._row is not None and view._row.message_id == message_id:
                del self.alive[key]
                self._silence(view)
        return removed

    def know(self, key: str, row: Row) -> None:
        """Know whose row goes when the message is deleted, also of a view that is not alive."""
        self._keys[row.message_id] = key

    def message_deleted(self, message_id: int) -> None:
        """Unregister the view on a message that is gone, if there is one."""
        key = self._keys.get(message_id)
        if key is not None:
            self.spawn(self.unregister(key, message_id))

    # The life of the client.

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something besides; its failure is logged, and `close` waits for its end."""
        return self._run(work, self._work)

    def attend(self, watch: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something besides that `close` cancels."""
        return self._run(watch, self._watches)

    def at_close(self, undo: Callable[[], None]) -> None:
        """Call ``undo`` when the client is closed; the last one first."""
        self._closers.append(undo)

    def _run(self, work: Coroutine[Any, Any, Any], tasks: set[asyncio.Task[Any]]) -> asyncio.Task[Any]:
        def ended(task: asyncio.Task[Any]) -> None:
            tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("while keeping the views of %r: %s", self.client, error, exc_info=error)

        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(ended)
        return task

    def stop_watching(self) -> None:
        """End what `attend` began: the client is about to be closed."""
        for watch in self._watches:
            watch.cancel()

    async def close(self) -> None:
        """Finish what runs besides, then close the storage, unless another client still uses it."""
        self.stop_watching()
        _active.pop(id(self.client), None)
        while self._closers:
            self._closers.pop()()
        besides = {*self._watches, *self._work}
        if besides:
            await asyncio.wait(besides)
        await self._updates.drain()
        if not is_in_use(self.given_storage):
            await self.given_storage.stop()


def activate(persistence: Persistence) -> None:
    """Let views find the persistence of their client."""
    _active[id(persistence.client)] = persistence


def is_in_use(storage: BaseStorage) -> bool:
    """Whether a client keeps its views there at the moment."""
    return any(persistence.given_storage is storage for persistence in _active.values())


def find_persistence(client: Any) -> Persistence | None:
    """Return the persistence of a client; None: it has none."""
    return _active.get(id(client))


def persistence_of(client: Any = None) -> Persistence:
    """Return the persistence of a client, or the only one there is.

    Raises:
        NotSetUpError: there is none, or, of several, nobody said which.
    """
    found = _active.get(id(client)) if client is not None else None
    if client is None and len(_active) == 1:
        (found,) = _active.values()
    if found is None:
        raise NotSetUpError(client)
    return found
