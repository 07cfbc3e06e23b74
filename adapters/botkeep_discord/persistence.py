"""What belongs to one client: its storage, its background tasks, and its end."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botkeep.sharing import stop_for
from botkeep_discord.errors import NotSetUpError
from botkeep_discord.interactions.deadline_storage import DeadlineStorage
from botkeep_discord.views.grouped_updates import GroupedUpdates
from botkeep_discord.views.state import ViewState

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from botkeep import BaseStorage

NAMESPACE: Final = "discord"
VIEWS: Final = "views"
STATES: Final = "states"
"""Inside the storage: rows under ``discord/views``, what views remember under ``discord/states``."""

_FIRST_RETRY: Final = 1.0
_LONGEST_RETRY: Final = 60.0
"""Seconds between two attempts at something that has to be stored."""

_log = logging.getLogger("botkeep.discord")

T = TypeVar("T")

_active: dict[int, Persistence] = {}


class Persistence:
    """The persistence of one client; made by `setup_persistence`.

    Args:
        client: the client (bot).
        storage: where everything is stored; closed with the last client that uses it.
        source: what the caller gave for it, to tell whether a second call means the same.

    Attributes:
        storage: the same, with calls that respect an interaction's deadline.
    """

    def __init__(self, client: Any, storage: BaseStorage, source: object = None) -> None:
        self.client = client
        self.source = source
        self.given_storage = storage
        self.storage: BaseStorage = DeadlineStorage(storage)
        self._states = self.namespace(STATES)
        self._updates = GroupedUpdates(self._states)
        self._work: set[asyncio.Task[Any]] = set()
        self._watches: set[asyncio.Task[Any]] = set()
        self._closers: list[Callable[[], None]] = []
        self._closing = asyncio.Event()
        self._parts: dict[Any, Any] = {}

    @property
    def bot_id(self) -> int | None:
        """The id of the bot's user; None before it has logged in, or if it never does."""
        return getattr(getattr(self.client, "user", None), "id", None)

    def part(self, make: Callable[[Persistence], T]) -> T:
        """Return what ``make`` makes of this persistence: one object, made at the first call."""
        if make not in self._parts:
            self._parts[make] = make(self)
        part: T = self._parts[make]
        return part

    def namespace(self, name: str) -> BaseStorage:
        """Return the part of the storage that holds one kind of this package's documents."""
        return self.storage.namespace(NAMESPACE).namespace(name)

    def state_of(self, key: str) -> ViewState:
        """Return the state that belongs to a state key."""
        return ViewState(self._states, self._updates, key)

    def run_in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task; its failure is logged, and `close` waits for its end."""
        return self._run(work, self._work)

    def watch(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task that `close` cancels; its failure is logged."""
        return self._run(work, self._watches)

    def keep_trying(self, attempt: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Start a task that repeats what fails until it succeeds, for the last time as the client closes."""
        self.run_in_background(self._keep_trying(attempt))

    async def _keep_trying(self, attempt: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        delay = _FIRST_RETRY
        while True:
            is_last = self._closing.is_set()
            try:
                await attempt()
            except Exception as exc:  # logged, or raised to the one who logs it
                if is_last:
                    raise
                _log.warning("to be tried again in %s s: %s", delay, exc)
            else:
                return
            await self.pause(delay)
            delay = min(2 * delay, _LONGEST_RETRY)

    async def pause(self, seconds: float) -> None:
        """Sleep; not longer than until the client is closed."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except asyncio.TimeoutError:
            return

    def at_close(self, undo: Callable[[], None]) -> None:
        """Call ``undo`` when the client is closed; the last one first."""
        self._closers.append(undo)

    def _run(self, work: Coroutine[Any, Any, Any], tasks: set[asyncio.Task[Any]]) -> asyncio.Task[Any]:
        def ended(task: asyncio.Task[Any]) -> None:
            tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("while keeping the views of %r: %s", self.client, error, exc_info=error)

        # In a context of its own: it neither acts for the user whose handler begins it, nor shares its time.
        task = Context().run(asyncio.get_running_loop().create_task, work)
        tasks.add(task)
        task.add_done_callback(ended)
        return task

    def stop_watching(self) -> None:
        """Cancel what `watch` began, and end each `pause`: the client is about to be closed."""
        self._closing.set()
        for watch in self._watches:
            watch.cancel()

    async def close(self) -> None:
        """Wait for what runs in the background, then close the storage, unless another client uses it."""
        self.stop_watching()
        _active.pop(id(self.client), None)
        while self._closers:
            self._closers.pop()()
        while background := {*self._watches, *self._work}:
            await asyncio.wait(background)
        await self._updates.drain()
        await stop_for(self.given_storage, self)


def activate(persistence: Persistence) -> None:
    """Make a persistence the one that the views of its client find."""
    _active[id(persistence.client)] = persistence


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
