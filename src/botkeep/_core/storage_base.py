"""What every storage has beneath its verbs: its clock, its engine, and the steps that the verbs are made of.

Dialogues, limits and locks are built on these too: they deal in encoded documents and in operations.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Final, TypeVar

from botkeep._core.clock import SteadyClock
from botkeep._core.held_locks import LocalLock
from botkeep._core.lifecycle import Lifecycle
from botkeep._core.mutexes import KeyedMutexes
from botkeep._core.operations import Operation, postponed
from botkeep.hooks import StorageHooks
from botkeep.keys import check_identifier, is_plain_identifier
from botkeep.ttl import KEEP_TTL, NO_TTL, Expiry, TtlRule, positive_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Hashable
    from datetime import timedelta
    from weakref import WeakSet

    from botkeep.ttl import Clock, Ttl

Result = TypeVar("Result")

NEVER: Final = Expiry(math.inf, keep=False)
_UNCHANGED: Final = Expiry(math.inf, keep=True)


class StorageBase(StorageHooks):
    """The part of `botkeep.BaseStorage` that is not verbs."""

    def __init__(self, *, default_ttl: float | timedelta | None = None, clock: Clock = time.time) -> None:
        self._namespace = ""
        # None: this object is its own engine. A reference to itself would keep a forgotten storage alive.
        self._other_engine: StorageHooks | None = None
        self._default_ttl = math.inf if default_ttl is None else positive_seconds(default_ttl, "default_ttl")
        if not callable(clock):
            raise TypeError(f"clock must be a function such as time.time, not {clock!r}")
        self._clock = SteadyClock(clock)
        self._lifecycle = Lifecycle(repr(self))
        self._mutexes = KeyedMutexes()

    def get_encoded(self, identifier: str) -> Awaitable[bytes | None]:
        """Return the document as `botkeep.documents` encodes it; None when it is absent."""
        if type(identifier) is not str or not is_plain_identifier(identifier):
            check_identifier(identifier)
        if self._lifecycle.loop is not asyncio.get_running_loop():
            return self._enter_and_get(identifier)
        engine = self if self._other_engine is None else self._other_engine
        return engine._get(self._namespace, identifier)  # noqa: SLF001 # an engine's hook

    def apply(self, identifier: str, operation: Operation[Result]) -> Awaitable[Result]:
        """In one atomic step, show a document to an operation and store what it returns.

        Args:
            identifier: the key.
            operation: ``operation(entry, now)`` returns ``(entry, result)``: what to store in place of the
                `botkeep.hooks.Stored` it was given (None: absent), and the result for the caller. None
                removes the document, the very entry that was given changes nothing. It may run several times,
                and on another thread, so it must do nothing else.

        Raises:
            Exception: whatever the operation raised; nothing was stored.
        """
        if type(identifier) is not str or not is_plain_identifier(identifier):
            check_identifier(identifier)
        if self._lifecycle.loop is not asyncio.get_running_loop():
            return self._enter_and_apply(identifier, operation)
        engine = self if self._other_engine is None else self._other_engine
        return engine._apply(self._namespace, identifier, operation)  # noqa: SLF001 # an engine's hook

    @property
    def has_default_ttl(self) -> bool:
        """Whether documents expire whose call gives no ttl."""
        return self._default_ttl != math.inf

    def now(self) -> float:
        """Return the time on the storage's clock, in seconds since the epoch; it never goes back."""
        return self._clock()

    def expiry(self, ttl: Ttl | None) -> Expiry:
        """Return the moment at which a document stored now with this ttl expires.

        Raises:
            ValueError: the ttl is not positive, or not a number.
            TypeError: it is none of the kinds that `set_state` takes.
        """
        if ttl is NO_TTL or (ttl is None and self._default_ttl == math.inf):
            return NEVER
        if ttl is KEEP_TTL and self._default_ttl == math.inf:
            return _UNCHANGED
        if ttl is None or isinstance(ttl, TtlRule):
            return Expiry(self._clock() + self._default_ttl, keep=ttl is KEEP_TTL)
        return Expiry(self._clock() + seconds(ttl), keep=False)

    def local_lock(self, identifier: str, purpose: str = "lock") -> LocalLock:
        """Return a lock for ``async with`` among the tasks that use this storage object, whatever the view.

        Args:
            identifier: what to lock.
            purpose: locks of different purposes do not wait for each other.

        Raises:
            DeadlockError: as the block begins: the task holds the lock already, or the task that does waits
                for this one.
        """
        return LocalLock(self._mutexes, (purpose, *self.lock_scope), identifier)

    @property
    def lock_scope(self) -> tuple[Hashable, str]:
        """What all views of one namespace of one storage object have in common; it tells locks apart."""
        return self._mutexes, self._namespace

    @property
    def users(self) -> WeakSet[object]:
        """The bots that use the storage now: see `botkeep.sharing`."""
        return self._lifecycle.users

    @property
    def _engine(self) -> StorageHooks:
        return self if self._other_engine is None else self._other_engine

    @property
    def engine(self) -> StorageHooks:
        """The hooks behind the verbs; for wrappers: see `botkeep.hooks.EngineWrapper`."""
        return self._engine

    async def _enter_and_get(self, identifier: str) -> bytes | None:
        await self._lifecycle.enter(self._engine)
        return await self._engine._get(self._namespace, identifier)  # noqa: SLF001 # an engine's hook

    async def _enter_and_apply(self, identifier: str, operation: Operation[Result]) -> Result:
        ahead = self._clock.ahead
        await self._lifecycle.enter(self._engine)
        operation = postponed(operation, self._clock.ahead - ahead)
        return await self._engine._apply(self._namespace, identifier, operation)  # noqa: SLF001 # an engine's hook

    async def _enter(self) -> None:
        if self._lifecycle.loop is not asyncio.get_running_loop():
            await self._lifecycle.enter(self._engine)

    async def _expires_at(self, identifier: str) -> float | None:
        check_identifier(identifier)
        await self._enter()
        return await self._engine._get_expiry(self._namespace, identifier)  # noqa: SLF001 # an engine's hook
