"""A lock across tasks and processes: a lease in the storage, renewed while it is held."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

from botkeep.errors import LeaseLostError, StorageError, StorageUnavailableError
from botkeep.ttl import KEEP_TTL, NO_TTL

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from botkeep.abc import BaseStorage

POLL_SECONDS: Final = (0.02, 0.04)
"""Between two reads of a lock that somebody holds: at most 50 a second."""

PATIENCE_SECONDS: Final = 2.0
"""How long a waiter that shows no sign of life keeps its place in the queue."""

RELEASED_SECONDS: Final = 60.0
"""How long the record of a lock stays that nobody holds: it has the queue, and the last fence."""

EPOCH: Final = "epoch"
"""The counter of the records that began anew; each leaves room for `FENCES_OF_AN_EPOCH` holders."""

FENCES_OF_AN_EPOCH: Final = 2**32

FIRST_FENCE: Final = 2**52
"""Above all fences of version 0.1, which were microseconds since 1970."""

_log = logging.getLogger("botkeep.lease")


class Lease:
    """The lock that `BaseStorage.lock` returns.

    Waiters of one process come in the order of their calls; the first of each process stands in a queue that
    is part of the record, so that no process starves another. The record is one document::

        {"owner": token or None, "fence": int, "waiting": {token: heartbeat}}

    No clock of one process is compared with that of another: the storage lets the lease of a dead holder
    expire, and a waiter is dead whose heartbeat, a counter, does not change while another one looks on.

    Attributes:
        fence: a number that grows with every holder, so that whoever it is shown to can refuse the late write
            of a holder that lost its lease. 0 before the lease is held.
    """

    def __init__(
        self,
        records: BaseStorage,
        epochs: BaseStorage,
        identifier: str,
        *,
        ttl: float,
        local_lock: Callable[[], AbstractAsyncContextManager[object]],
    ) -> None:
        self.fence: int = 0
        self._records = records
        self._epochs = epochs
        self._identifier = identifier
        self._ttl = ttl
        self._local_lock = local_lock
        self._token = os.urandom(8).hex()
        self._heartbeats: dict[str, tuple[int, float]] = {}
        self._exit_stack = AsyncExitStack()
        self._renewal: asyncio.Task[None] | None = None
        self._held_until = 0.0

    @property
    def lost(self) -> bool:
        """Whether the lease is known to be lost; long work may ask before it writes."""
        return self._renewal is not None and self._renewal.done()

    @property
    def may_have_expired(self) -> bool:
        """Whether the lease has run out unless it was renewed, as when this process stood still."""
        return self._records.now() >= self._held_until

    async def renew(self) -> None:
        """Make sure that the lease is still held, and let it last its ttl from now on.

        Raises:
            LeaseLostError: it is not.
        """
        begun = self._records.now()
        await self._write_own({"owner": self._token}, self._ttl)
        self._held_until = begun + self._ttl

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._local_lock())
            try:
                while not await self._claim():  # noqa: ASYNC110 # the event is in another process
                    await asyncio.sleep(random.uniform(*POLL_SECONDS))
            except BaseException:
                # Also when the claim lost its reply: it may have been written, for nobody.
                await _to_its_end(self._leave())
                raise
            self._exit_stack = stack.pop_all()
        self._renewal = asyncio.get_running_loop().create_task(self._keep_renewing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._exit_stack:
            try:
                await _to_its_end(self._release())
            except StorageUnavailableError as exc:
                # The block is done, or its own error is on its way; others wait until the lease expires.
                _log.warning("the lock %r could not be released: %s", self._identifier, exc)
            except (LeaseLostError, StorageError):
                if error is None:
                    raise

    async def _claim(self) -> bool:
        """Take the lease if it is free and no earlier waiter is alive, else keep a place in the queue."""
        begun = self._records.now()
        record = await self._records.get_state(self._identifier)
        claim = await self._claimed(record)
        mine: bool = claim["owner"] == self._token
        if claim != record:
            # A waiter keeps the holder's expiry: it must not prolong the lease of one that died.
            ttl = self._ttl if mine else KEEP_TTL
            written = await self._records.compare_and_set(self._identifier, claim, expected=record, ttl=ttl)
            mine = mine and written
        if mine:
            self.fence, self._held_until = claim["fence"], begun + self._ttl
        return mine

    async def _claimed(self, record: dict[str, Any] | None) -> dict[str, Any]:
        if record is None:
            # It has expired, and with it the last number: the next is above all that it can have been.
            epoch = await self._epochs.increment(EPOCH, ttl=NO_TTL)
            return {"owner": self._token, "fence": FIRST_FENCE + epoch * FENCES_OF_AN_EPOCH, "waiting": {}}
        waiting = self._alive(record["waiting"])
        if record["owner"] is None and next(iter(waiting), self._token) == self._token:
            waiting.pop(self._token, None)
            return {"owner": self._token, "fence": record["fence"] + 1, "waiting": waiting}
        heartbeat, beaten_at = self._heartbeats.get(self._token, (0, 0.0))
        now = self._records.now()
        if self._token not in waiting or now - beaten_at > PATIENCE_SECONDS / 4:
            waiting[self._token] = heartbeat + 1
            self._heartbeats[self._token] = (heartbeat + 1, now)
        return {**record, "waiting": waiting}

    def _alive(self, waiting: dict[str, int]) -> dict[str, int]:
        """Return the waiters whose heartbeat has changed lately, by this process's own clock."""
        now = self._records.now()
        for token, heartbeat in waiting.items():
            if token != self._token and self._heartbeats.get(token, (None,))[0] != heartbeat:
                self._heartbeats[token] = (heartbeat, now)
        return {
            token: heartbeat
            for token, heartbeat in waiting.items()
            if token == self._token or now - self._heartbeats[token][1] <= PATIENCE_SECONDS
        }

    async def _leave(self) -> None:
        """Give up a place in the queue, or those behind it would wait until it is stale."""

        def change(record: dict[str, Any] | None) -> dict[str, Any]:
            if record is None:
                raise LeaseLostError(self._identifier)
            owner = None if record["owner"] == self._token else record["owner"]
            waiting = {token: beat for token, beat in record["waiting"].items() if token != self._token}
            return {**record, "owner": owner, "waiting": waiting}

        with suppress(LeaseLostError, StorageUnavailableError):
            await self._records.update(self._identifier, change)

    async def _keep_renewing(self) -> None:
        """Keep the lease alive; returns only when it is lost."""
        while not self.may_have_expired:
            await asyncio.sleep(self._ttl / 3)
            with suppress(StorageUnavailableError):
                try:
                    await self.renew()
                except LeaseLostError:
                    return

    async def _release(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
            self._renewal = None
        await self._write_own({"owner": None}, RELEASED_SECONDS)

    async def _write_own(self, fields: dict[str, Any], ttl: float) -> None:
        def change(record: dict[str, Any] | None) -> dict[str, Any]:
            if record is None or record["owner"] != self._token:
                raise LeaseLostError(self._identifier)
            return {**record, **fields}

        await self._records.update(self._identifier, change, ttl=ttl)


async def carry_fences(source: BaseStorage, target: BaseStorage) -> None:
    """Raise the epoch of ``target`` to that of ``source``, so that fences go on growing after a migration.

    Both are the namespaces of epochs. Dialogues that are copied carry fences, which the next must exceed.
    """
    epoch: int = await source.get_state(EPOCH, 0)
    if epoch:
        await target.update(EPOCH, lambda own: max(own, epoch), default=0, ttl=NO_TTL)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish also when the caller is cancelled: what is left behind half done, others would wait for."""
    await asyncio.shield(asyncio.ensure_future(work))
