"""Backups of live objects as documents of a storage."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from botkeep._core.compat import override
from botkeep._files.quarantine import quarantine_name
from botkeep.abc import check_storage
from botkeep.errors import CorruptDocumentError
from botkeep.hooks import Put
from botkeep.objects.backups.base import Backups
from botkeep.ttl import NO_TTL, Expiry

if TYPE_CHECKING:
    from datetime import timedelta

    from botkeep.abc import BaseStorage
    from botkeep.objects.backups.daily_copies import DailyCopies
    from botkeep.objects.backups.registry import Registration

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class StorageBackups(Backups):
    """Keeps each object under its key, in the namespace ``objects`` of a storage.

    Objects are restored by `start`, later ones by `add`. The storage stays the caller's to stop; only in
    plain ``with`` it serves an event loop of ours, and is stopped with the block.

    Args:
        storage: any storage, or a namespace of one.
        interval: seconds (or a timedelta) between two checks of which objects need a backup.
        copies: where to put a copy of everything each day; None: nowhere.

    Raises:
        TypeError: this is no storage, the interval is no time, or the copies are no `DailyCopies`.
        ValueError: the interval is not positive, or not finite.
    """

    def __init__(
        self, storage: BaseStorage, *, interval: float | timedelta = 10.0, copies: DailyCopies | None = None
    ) -> None:
        check_storage(storage)
        super().__init__(interval=interval, copies=copies)
        self._storage = storage
        self._documents = storage.namespace("objects")
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        return f"StorageBackups({self._storage!r})"

    @override
    def _begin(self) -> None:
        self._loop = asyncio.new_event_loop()
        # Also after an earlier block, whose end has stopped it.
        self._run(self._storage.start())

    @override
    def _end(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.run_until_complete(self._storage.stop())
            loop.close()

    @override
    def _restore_where_possible(self, registration: Registration) -> None:
        if self._loop is not None:
            self._run(self._restore(registration))
        elif self.is_running:
            # Restored later, the object would lose what is done to it meanwhile.
            raise RuntimeError("the backups have started: use `await backups.add(obj)`")

    @override
    async def _read(self, key: str) -> dict[str, Any] | None:
        try:
            state = await self._documents.get_state(key)
        except CorruptDocumentError:
            _logger.exception("%r is kept in quarantine, and its object starts anew", key)
        else:
            if state is None or isinstance(state, dict):
                return state
            _logger.error(
                "%r is no state of an object; it is kept in quarantine, and its object starts anew", key
            )
        await self._quarantine(key, "corrupt")
        return None

    @override
    async def _write(self, key: str, state: dict[str, Any]) -> None:
        if not isinstance(state, dict):
            raise TypeError(f"a state must be a dict, not {type(state).__name__}")
        await self._documents.set_state(key, state, ttl=NO_TTL)

    @override
    async def _quarantine(self, key: str, why: str) -> None:
        # The bytes as they are: they may be no document.
        value = await self._documents.get_encoded(key)
        if value is not None:
            await self._documents.apply(quarantine_name(key, why), Put(value, Expiry(math.inf, keep=False)))

    @override
    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None, "start() comes first, or `with`"
        with self._lock:
            return self._loop.run_until_complete(work)
