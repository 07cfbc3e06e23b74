"""A lock across tasks and processes: a lease in the storage, renewed while it is held."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

from botkeep.errors import LeaseLostError, StorageUnavailableError
from botkeep.ttl import KEEP_TTL

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from botkeep.abc import BaseStorage
    from botkeep.ttl import Clock

POLL_SECONDS: Final = (0.02, 0.04)
"""Between two looks at a lock that somebody holds: at most 50 a second."""

PATIENCE_SECONDS: Final = 2.0
"""How long a waiter that gives no sign of life keeps its place in the queue."""

MICROSECONDS: Final = 1_000_000


class Lease:
    """The lock that `BaseStorage.lock` returns.

    Waiters of one process come in the order of their calls; the first of each process stands in a queue that
    is part of the record, so that no process starves another. The record is one document::

        {"owner": token or None, "fence": int, "waiting": {token: until}}

    Attributes:
        fence: a number that grows with every holder, so that whoever it is shown to can refuse the late write
            of a holder that lost its lease. 0 before the lease is held.
    """

    def __init__(
        self,
        records: BaseStorage,
        identifier: str,
        *,
        ttl: float,
        local_turn: Callable[[], AbstractAsyncContextManager[None]],
        clock: Clock,
    ) -> None:
        self.fence: int = 0
        self._records = records
        self._identifier = identifier
        self._ttl = ttl
        self._local_turn = local_turn
        self._clock = clock
        self._token = os.urandom(8).hex()
        self._turn = AsyncExitStack()
        self._renewal: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether the lease is known to be lost; long work may ask before it writes."""
        return self._renewal is not None and self._renewal.done()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(self._local_turn())
            try:
                while not await self._claim():  # noqa: ASYNC110 # the event is in another process
                    await asyncio.sleep(random.uniform(*POLL_SECONDS))
            except BaseException:
                # Also when the claim lost its reply: it may have been written, for nobody.
                await _to_its_end(self._leave())
                raise
            self._turn = turn.pop_all()
        self._renewal = asyncio.get_running_loop().create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._turn:
            try:
                await _to_its_end(self._release())
            except LeaseLostError:
                if error is None:
                    raise

    async def _claim(self) -> bool:
        """Take the lease if it is free and no earlier waiter is alive, else keep a place in the queue."""
        record = await self._records.get_state(self._identifier)
        claim = self._claimed(record or {"owner": None, "fence": 0, "waiting": {}})
        mine: bool = claim["owner"] == self._token
        if claim != record:
            # A waiter keeps the holder's expiry: it must not prolong the lease of one that died.
            ttl = self._ttl if mine else KEEP_TTL
            written = await self._records.compare_and_set(self._identifier, claim, expected=record, ttl=ttl)
            mine = mine and written
        if mine:
            self.fence = claim["fence"]
        return mine

    def _claimed(self, record: dict[str, Any]) -> dict[str, Any]:
        now = self._clock()
        waiting = {token: until for token, until in record["waiting"].items() if until > now}
        if record["owner"] is None and next(iter(waiting), self._token) == self._token:
            waiting.pop(self._token, None)
            # From the clock, because the record may have expired in between, and with it the last number.
            fence = max(record["fence"] + 1, int(now * MICROSECONDS))
            return {"owner": self._token, "fence": fence, "waiting": waiting}
        if waiting.get(self._token, 0) < now + PATIENCE_SECONDS / 2:
            waiting[self._token] = now + PATIENCE_SECONDS
        return {**record, "waiting": waiting}

    async def _leave(self) -> None:
        """Give up a place in the queue, or those behind it would wait until it is stale."""

        def change(record: dict[str, Any] | None) -> dict[str, Any]:
            if record is None:
                raise LeaseLostError(self._identifier)
            owner = None if record["owner"] == self._token else record["owner"]
            waiting = {token: until for token, until in record["waiting"].items() if token != self._token}
            return {**record, "owner": owner, "waiting": waiting}

        with suppress(LeaseLostError, StorageUnavailableError):
            await self._records.update(self._identifier, change)

    async def _renew(self) -> None:
        """Keep the lease alive; returns only when it is lost."""
        deadline = self._clock() + self._ttl
        while self._clock() < deadline:
            await asyncio.sleep(self._ttl / 3)
            with suppress(StorageUnavailableError):
                try:
                    await self._write_own({"owner": self._token}, self._ttl)
                except LeaseLostError:
                    return
                deadline = self._clock() + self._ttl

    async def _release(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
            self._renewal = None
        # The record stays for a moment: it holds the queue.
        await self._write_own({"owner": None}, PATIENCE_SECONDS)

    async def _write_own(self, fields: dict[str, Any], ttl: float) -> None:
        def change(record: dict[str, Any] | None) -> dict[str, Any]:
            if record is None or record["owner"] != self._token:
                raise LeaseLostError(self._identifier)
            return {**record, **fields}

        await self._records.update(self._identifier, change, ttl=ttl)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish also when the caller is cancelled: what is left behind half done, others would wait for."""
    await asyncio.shield(asyncio.ensure_future(work))
