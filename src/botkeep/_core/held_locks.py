"""The locks that the running task holds: it must not wait for itself, and its writes carry a fence."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from botkeep._core.await_graph import is_waiting_for
from botkeep.errors import DeadlockError, LeaseLostError

if TYPE_CHECKING:
    from botkeep._core.mutexes import KeyedMutexes

CHECK_SECONDS: Final = 0.25
"""Between two checks of whether the holder of a lock waits for the very task that waits for the lock."""


class HeldLock:
    """A lock that somebody holds: what the ``async with`` block of `botkeep.fsm.Ordering.of` gets.

    Attributes:
        identifier: what is locked.
        fence: grows with every holder of the same lock, in whatever process; whoever remembers the highest
            can refuse the late write of a holder that lost it. 0: a lock of one process, which is never lost.
    """

    def __init__(self, scope: Hashable, identifier: str) -> None:
        self.identifier = identifier
        self.fence = 0
        self._scope = scope
        self._holder = asyncio.current_task()
        self._released = False

    @property
    def lost(self) -> bool:
        """Whether the lock is known to be released or lost, without asking the storage."""
        return self._released

    async def check(self) -> None:
        """Make sure that the lock is still held: before a mail is sent, or another database is written to.

        Raises:
            LeaseLostError: it was released, or somebody else may hold it.
        """
        if self._released:
            raise LeaseLostError(self.identifier)

    async def verify_if_due(self) -> None:
        """Check, unless the lock cannot have been lost since it was last checked."""

    def covers(self, scope: Hashable, identifier: str) -> bool:
        """Whether this is the lock on the identifier, and not released yet."""
        return self.identifier == identifier and self._scope == scope and not self._released

    def refuse_wait(self) -> None:
        """Raise if the holder waits for the running task, so that the lock would never be released.

        Raises:
            DeadlockError: it does, or is the running task itself.
        """
        task = asyncio.current_task()
        if self._holder is None or task is None or self._holder.done():
            return
        if is_waiting_for(self._holder, task):
            raise DeadlockError(self.identifier)

    def for_running_task(self) -> HeldLock:
        """Return the same lock as one that the running task holds, too, by leave of its holder."""
        lock = copy.copy(self)
        lock._holder = asyncio.current_task()  # noqa: SLF001 # one lock of this class and another
        return lock

    def track(self) -> None:
        """Make the lock known to this task, and to those that it starts, until it is released."""
        others = _held.get()
        _held.set((*(other for other in others if not other._released), self) if others else (self,))  # noqa: SLF001 # one lock of this class and another

    def untrack(self) -> None:
        """Say that the lock is released, here and in what the task started."""
        self._released = True
        _held.set(tuple(other for other in _held.get() if other is not self))

    @contextmanager
    def tracked(self) -> Iterator[HeldLock]:
        """Make the lock known to this task, and to those that it starts, until the block ends."""
        self.track()
        try:
            yield self
        finally:
            self.untrack()


_held: ContextVar[tuple[HeldLock, ...]] = ContextVar("botkeep.held_locks", default=())


def find_held_lock(scope: Hashable, identifier: str) -> HeldLock | None:
    """Return the lock on the identifier that this task, or the one that started it, holds; None: none."""
    for held in _held.get():
        if held.covers(scope, identifier):
            return held
    return None


def holds_locks() -> bool:
    """Whether this task, or the one that started it, holds any lock."""
    return bool(_held.get())


def held_locks_on(identifier: str) -> tuple[HeldLock, ...]:
    """Return every lock on the identifier, whatever its scope, that this task holds."""
    return tuple(held for held in _held.get() if held.identifier == identifier and not held._released)  # noqa: SLF001 # one lock of this class and another


class LocalLock(HeldLock):
    """A lock among the tasks of this process, first come, first served; held in an ``async with`` block.

    Raises:
        DeadlockError: the running task holds it already, or the task that does waits for the running one.
    """

    def __init__(self, mutexes: KeyedMutexes, scope: Hashable, identifier: str) -> None:
        super().__init__(scope, identifier)
        self._mutexes = mutexes
        self._key = scope, identifier

    async def __aenter__(self) -> HeldLock:
        outer = find_held_lock(*self._key)
        if outer is None:
            await self._mutexes.acquire(self._key)
        else:
            await self._acquire_inside(outer)
        self._holder, self._released = asyncio.current_task(), False
        self.track()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.untrack()
        self._mutexes.release(self._key)

    async def _acquire_inside(self, outer: HeldLock) -> None:
        """Acquire, checking now and then that the holder does not wait for the running task."""
        outer.refuse_wait()
        acquiring = asyncio.ensure_future(self._mutexes.acquire(self._key))
        try:
            while not acquiring.done():
                await asyncio.wait([acquiring], timeout=CHECK_SECONDS)
                if not acquiring.done():
                    outer.refuse_wait()
        except BaseException:
            if acquiring.cancel():
                await asyncio.wait([acquiring])
            elif acquiring.exception() is None:
                self._mutexes.release(self._key)
            raise
        acquiring.result()
