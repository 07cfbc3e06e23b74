"""Order that keeps albums together: several updates that a sender meant as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from botkeep._core.held_locks import held_locks_on
from botkeep.fsm.ordering import Ordering
from botkeep.fsm.state_keys import StateKey, identifier_of

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from botkeep._core.held_locks import HeldLock
    from botkeep.abc import BaseStorage


class AlbumOrdering:
    """An `Ordering` that the updates of one album pass together.

    Telegram sends an album as one update for each photo, all with one ``media_group_id``. A handler that
    collects them waits in the first update for the others, so these must not wait for the first.

    Args:
        storage: as for `Ordering`.
        ttl: as for `Ordering`.
    """

    def __init__(self, storage: BaseStorage | None = None, *, ttl: float | timedelta = 30.0) -> None:
        self._ordering = Ordering(storage, ttl=ttl)
        self._albums: dict[tuple[str, str], _Album] = {}

    def of(self, key: StateKey | str, album: str | None = None) -> AbstractAsyncContextManager[object]:
        """Wait for the lock on ``key`` and hold it inside the ``async with`` block.

        Args:
            key: as for `Ordering.of`.
            album: blocks with the same key and album run at the same time; None: the block is alone.

        Raises:
            DeadlockError: as `Ordering.of`.
            LeaseLostError: as `Ordering.of`.
        """
        return self._ordering.of(key) if album is None else self._together(identifier_of(key), album)

    @asynccontextmanager
    async def _together(self, identifier: str, name: str) -> AsyncIterator[None]:
        place = identifier, name
        while (album := self._albums.get(place)) is not None:
            if await album.join():
                with album.member():
                    yield
                return
        album = self._albums[place] = _Album()
        async with self._lead(place, album):
            yield

    @asynccontextmanager
    async def _lead(self, place: tuple[str, str], album: _Album) -> AsyncIterator[None]:
        """Hold the lock for the whole album, until its last member has left."""
        try:
            async with self._ordering.of(place[0]):
                album.open(held_locks_on(place[0]))
                try:
                    yield
                finally:
                    await album.wait_until_left()
                    del self._albums[place]
        finally:
            if self._albums.get(place) is album:
                del self._albums[place]
            album.close()


class _Album:
    """The members of one album, besides the one that holds the lock for them."""

    def __init__(self) -> None:
        self._members = 0
        self._held = False
        self._locks: tuple[HeldLock, ...] = ()
        self._decided = asyncio.Event()
        self._left = asyncio.Event()

    async def join(self) -> bool:
        """Wait until the lock is held; False: it will not be, and the album is over."""
        self._members += 1
        self._left.clear()
        try:
            await self._decided.wait()
        except asyncio.CancelledError:
            self._leave()
            raise
        if not self._held:
            self._leave()
        return self._held

    @contextmanager
    def member(self) -> Iterator[None]:
        """Be one of those that the lock is held for: it is this task's lock, too."""
        try:
            with ExitStack() as stack:
                for lock in self._locks:
                    stack.enter_context(lock.for_running_task().tracked())
                yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self._members -= 1
        if not self._members:
            self._left.set()

    def open(self, locks: tuple[HeldLock, ...]) -> None:
        """Let the members begin."""
        self._held, self._locks = True, locks
        self._decided.set()

    def close(self) -> None:
        """Send those away that did not begin: the lock is not held."""
        self._held = False
        self._decided.set()

    async def wait_until_left(self) -> None:
        """Wait for the members to end."""
        # Another one may join between the event and the moment in which this task goes on.
        while self._members:
            await self._left.wait()
