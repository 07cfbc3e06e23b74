"""Which turns the running task has, lest it wait for itself, and so that its writes carry the right fence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from botkeep._core.compat import override
from botkeep.errors import DeadlockError, LeaseLostError
from botkeep.lease import MICROSECONDS

if TYPE_CHECKING:
    from botkeep._core.mutexes import KeyedMutexes
    from botkeep.abc import BaseStorage
    from botkeep.lease import Lease
    from botkeep.ttl import Clock


class Hold:
    """A turn that somebody has: what the ``async with`` block of `Ordering.of` gets.

    Attributes:
        identifier: what it is a turn on.
        fence: grows with every turn on the same thing, in whatever process; whoever remembers the highest can
            refuse the late write of a turn that was lost. 0: turns of one process only, which are never lost.
    """

    def __init__(self, realm: Hashable, identifier: str) -> None:
        self.identifier = identifier
        self.fence = 0
        self._realm = realm
        self._task = asyncio.current_task()
        self._ended = False

    @property
    def lost(self) -> bool:
        """Whether the turn is known to be over, without asking the storage."""
        return self._ended

    async def check(self) -> None:
        """Make sure that it is still our turn: before a mail is sent, or another database is written to.

        Raises:
            LeaseLostError: the turn is over, or somebody else may have it.
        """
        if self._ended:
            raise LeaseLostError(self.identifier)

    async def confirm(self) -> None:
        """Check, unless the lease cannot have run out since it was last seen."""


class LeasedHold(Hold):
    """A turn among several processes: a lease, which a process that was paused for too long has lost."""

    def __init__(self, realm: Hashable, identifier: str, lease: Lease, *, ttl: float, clock: Clock) -> None:
        super().__init__(realm, identifier)
        self.fence: int = lease.fence
        self._lease = lease
        self._ttl = ttl
        self._clock = clock
        # The fence is the moment in which the lease was taken; this process may have been paused since.
        self._sure_until = min(lease.fence / MICROSECONDS, clock()) + ttl

    @property
    @override
    def lost(self) -> bool:
        return super().lost or self._lease.lost

    @override
    async def check(self) -> None:
        await super().check()
        now = self._clock()
        await self._lease._write_own({}, self._ttl)
        self._sure_until = now + self._ttl

    @override
    async def confirm(self) -> None:
        if self._clock() >= self._sure_until:
            await self.check()


_holds: ContextVar[tuple[Hold, ...]] = ContextVar("botkeep.fsm.held_locks", default=())


def realm_of(storage: BaseStorage) -> tuple[Hashable, str]:
    """Return what all views of one namespace of one storage object have in common."""
    return storage._mutexes, storage._namespace


def find_hold(realm: Hashable, identifier: str) -> Hold | None:
    """Return the turn on the identifier that this task, or the one that started it, has; None: none."""
    for hold in _holds.get():
        if hold.identifier == identifier and hold._realm == realm and not hold._ended:
            return hold
    return None


@asynccontextmanager
async def queued(mutexes: KeyedMutexes, realm: Hashable, identifier: str) -> AsyncIterator[Hold]:
    """Wait for a turn among the tasks of this process, first come, first served, and have it.

    Raises:
        DeadlockError: the running task has it already.
    """
    refuse_reentry(realm, identifier)
    async with mutexes.of((realm, identifier)):
        with holding(Hold(realm, identifier)) as hold:
            yield hold


def refuse_reentry(realm: Hashable, identifier: str) -> None:
    """Accept a wait for a turn that the running task does not have itself.

    Raises:
        DeadlockError: it has.
    """
    hold = find_hold(realm, identifier)
    if hold is not None and hold._task is asyncio.current_task():
        raise DeadlockError(identifier)


@contextmanager
def holding(hold: Hold) -> Iterator[Hold]:
    """Let this task, and those that it starts, find the turn until the block ends."""
    _holds.set((*(other for other in _holds.get() if not other._ended), hold))
    try:
        yield hold
    finally:
        hold._ended = True
        _holds.set(tuple(other for other in _holds.get() if other is not hold))
