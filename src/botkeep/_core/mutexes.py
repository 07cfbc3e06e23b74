"""Mutual exclusion by key inside one process: first come, first served, freed when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class _Counted:
    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0


class KeyedMutexes:
    """One `asyncio.Lock` per key, for as long as somebody holds it or waits for it.

    `asyncio.Lock` wakes its waiters in the order they came, and a cancelled waiter leaves the queue.
    """

    def __init__(self) -> None:
        self._held: dict[Hashable, _Counted] = {}

    def __len__(self) -> int:
        """How many keys are held or waited for."""
        return len(self._held)

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncIterator[None]:
        """Hold the mutex of ``key`` inside the ``async with`` block."""
        counted = self._held.get(key)
        if counted is None:
            counted = self._held[key] = _Counted()
        counted.users += 1
        try:
            async with counted.lock:
                yield
        finally:
            counted.users -= 1
            if not counted.users:
                del self._held[key]
