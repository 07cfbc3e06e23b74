"""Order: handlers of one user run one after another, first come, first served, those of others meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from botkeep._core.mutexes import KeyedMutexes
from botkeep.fsm.held_locks import Hold, LeasedHold, holding, queued, realm_of, refuse_reentry
from botkeep.fsm.record import NAMESPACE
from botkeep.fsm.state_keys import StateKey, identifier_of
from botkeep.ttl import seconds

if TYPE_CHECKING:
    from datetime import timedelta

    from botkeep.abc import BaseStorage


class Ordering:
    """Whose turn it is, key by key. Nothing is kept of a key that nobody has a turn on or waits for.

    .. code-block:: python

        from botkeep.fsm import Ordering

        ordering = Ordering()
        async with ordering.of("user:7"):
            ...  # no other handler is in here for user 7

    Args:
        storage: None: turns are taken among the tasks of this process. With a storage, among all processes
            that use it: a turn is a lease there, renewed while the block runs. Waiters of one process keep
            their order; processes that wait for the same key take turns.
        ttl: seconds after which the turn of a process that died, or stands still, goes to the next.
    """

    def __init__(self, storage: BaseStorage | None = None, *, ttl: float | timedelta = 30.0) -> None:
        self._storage = None if storage is None else storage.namespace(NAMESPACE)
        self._ttl = seconds(ttl)
        self._mutexes = KeyedMutexes()

    def of(self, key: StateKey | str) -> AbstractAsyncContextManager[Hold]:
        """Wait for a turn on ``key`` and have it inside the ``async with`` block.

        A cancelled waiter leaves the queue, and those behind it move up. Inside the block an `FSMContext` of
        the same storage and key refuses to write once the lease is lost.

        Raises:
            DeadlockError: the running task has a turn on this key already.
            LeaseLostError: at the end of the block, when somebody else may have had the turn meanwhile.
        """
        identifier = identifier_of(key)
        if self._storage is None:
            return queued(self._mutexes, self, identifier)
        return self._leased(self._storage, identifier)

    @asynccontextmanager
    async def _leased(self, storage: BaseStorage, identifier: str) -> AsyncIterator[Hold]:
        realm = realm_of(storage)
        refuse_reentry(realm, identifier)
        async with storage.lock(identifier, ttl=self._ttl) as lease:
            hold = LeasedHold(realm, identifier, lease, ttl=self._ttl, clock=storage.now)
            with holding(hold):
                yield hold
