"""Order: handlers of one user run one after another, first come, first served, those of others meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from botkeep._core.compat import override
from botkeep._core.held_locks import HeldLock, LocalLock, find_held_lock
from botkeep._core.mutexes import KeyedMutexes
from botkeep.abc import check_storage
from botkeep.fsm.record import NAMESPACE
from botkeep.fsm.state_keys import StateKey, identifier_of
from botkeep.ttl import positive_seconds

if TYPE_CHECKING:
    from datetime import timedelta

    from botkeep.abc import BaseStorage
    from botkeep.lease import Lease


class Ordering:
    """Locks by key, for handlers. Nothing is kept of a key that nobody holds or waits for.

    .. code-block:: python

        from botkeep.fsm import Ordering

        ordering = Ordering()
        async with ordering.of("user:7"):
            ...  # no other handler is in here for user 7

    Args:
        storage: None: the locks are those of this process. With a storage, of all processes that use it: a
            lock is a lease there, renewed while the block runs. Waiters of one process keep their order;
            processes that wait for the same key alternate.
        ttl: seconds after which the lock of a process that died, or stands still, goes to the next.
    """

    def __init__(self, storage: BaseStorage | None = None, *, ttl: float | timedelta = 30.0) -> None:
        if storage is not None:
            check_storage(storage)
        self._storage = None if storage is None else storage.namespace(NAMESPACE)
        self._ttl = positive_seconds(ttl, "ttl")
        self._mutexes = KeyedMutexes()

    def of(self, key: StateKey | str) -> AbstractAsyncContextManager[HeldLock]:
        """Wait for the lock on ``key`` and hold it inside the ``async with`` block.

        A cancelled waiter leaves the queue, and those behind it move up. Inside the block an `FSMContext` of
        the same storage and key refuses to write once the lease is lost.

        Raises:
            DeadlockError: the running task holds the lock already, or the task that does waits for it.
            LeaseLostError: at the end of the block, when somebody else may have held it meanwhile.
        """
        identifier = identifier_of(key)
        if self._storage is None:
            return LocalLock(self._mutexes, self, identifier)
        return self._leased(self._storage, identifier)

    @asynccontextmanager
    async def _leased(self, storage: BaseStorage, identifier: str) -> AsyncIterator[HeldLock]:
        async with storage.lock(identifier, ttl=self._ttl) as lease:
            with HeldLease(storage.lock_scope, identifier, lease).tracked() as held:
                yield held


class HeldLease(HeldLock):
    """A lock among several processes: a lease, which a process that was paused for too long has lost."""

    def __init__(self, scope: Hashable, identifier: str, lease: Lease) -> None:
        super().__init__(scope, identifier)
        self.fence: int = lease.fence
        self._lease = lease

    @property
    @override
    def lost(self) -> bool:
        return super().lost or self._lease.lost

    @override
    async def check(self) -> None:
        await super().check()
        await self._lease.renew()

    @override
    async def verify_if_due(self) -> None:
        if self._lease.may_have_expired:
            await self.check()


def held_lease(storage: BaseStorage, identifier: str) -> HeldLock | None:
    """Return the lock that this task holds on a record of the storage by an `Ordering`; None: none."""
    return find_held_lock(storage.lock_scope, identifier)
