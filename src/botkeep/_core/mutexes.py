"""Mutual exclusion by key inside one process: first come, first served, freed when nobody waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import TypeAlias

from botkeep.errors import EventLoopError

Key: TypeAlias = tuple[Hashable, str]
"""Which kind of lock, and what is locked."""


class KeyedMutexes:
    """A mutex per key, for as long as somebody holds it or waits for it.

    Whoever releases a mutex gives it to the one who has waited longest; a cancelled waiter leaves the queue.
    """

    def __init__(self) -> None:
        self._loops: dict[Key, asyncio.AbstractEventLoop] = {}
        self._waiters: dict[Key, deque[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        """How many keys are held or waited for."""
        return len(self._loops)

    @asynccontextmanager
    async def of(self, key: Key) -> AsyncIterator[None]:
        """Hold the mutex of ``key`` inside the ``async with`` block."""
        await self.acquire(key)
        try:
            yield
        finally:
            self.release(key)

    async def acquire(self, key: Key) -> None:
        """Wait until the mutex of ``key`` is the caller's, who has to release it.

        Raises:
            EventLoopError: it is held on another event loop, which cannot give it to this one.
        """
        loop = asyncio.get_running_loop()
        holder = self._loops.get(key)
        if holder is loop:
            await self._wait(key, loop.create_future())
        elif holder is None or holder.is_closed():
            self._loops[key] = loop
            self._waiters.pop(key, None)
        else:
            raise EventLoopError(f"the lock on {key[1]!r}")

    async def _wait(self, key: Key, given: asyncio.Future[None]) -> None:
        waiters = self._waiters.setdefault(key, deque())
        waiters.append(given)
        try:
            await given
        except BaseException:
            if given.done() and not given.cancelled():
                # It was given, and then the waiter was cancelled before it went on.
                self.release(key)
            elif given in waiters:
                waiters.remove(given)
            raise

    def release(self, key: Key) -> None:
        """Give the mutex of ``key`` to the next; without one it is free."""
        waiters = self._waiters.get(key, ())
        while waiters:
            given = waiters.popleft()
            if not given.done():
                given.set_result(None)
                return
        self._waiters.pop(key, None)
        del self._loops[key]
