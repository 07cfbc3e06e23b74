"""Documents in this process's memory: for tests, for development, and for what need not survive."""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from itertools import groupby
from typing import TYPE_CHECKING

from botkeep._core import counters
from botkeep._core.compat import override
from botkeep.abc import BaseStorage
from botkeep.hooks import Stored, Swap
from botkeep.ratelimit.decisions import decide
from botkeep.storages.memory.key_index import KeyIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import timedelta

    from botkeep.ratelimit.decisions import Decision, Limits
    from botkeep.ttl import Clock, Expiry

_PAGE = 1000
_SWEPT_AT_ONCE = 100
"""Expired documents that one write removes at most, so that no call pays for a hundred thousand of them."""


class _Shelf:
    """The documents of one namespace."""

    def __init__(self) -> None:
        self.entries: dict[str, Stored] = {}
        self.index = KeyIndex()


class MemoryStorage(BaseStorage):
    """Keeps the laws of every storage, in a dict. Gone with the process; `stop` keeps the documents.

    Args:
        default_ttl: seconds (or a timedelta) to live for a document whose call gives no ttl; None: for ever.
        clock: seconds since the epoch; tests inject their own.
    """

    def __init__(self, default_ttl: float | timedelta | None = None, *, clock: Clock = time.time) -> None:
        super().__init__(default_ttl=default_ttl, clock=clock)
        self._shelves: dict[str, _Shelf] = {}
        # (moment, namespace, identifier); one that was overwritten meanwhile stays behind until it is due.
        self._expiries: list[tuple[float, str, str]] = []
        self._count = 0

    def __repr__(self) -> str:
        return "MemoryStorage()"

    @override
    async def _get(self, namespace: str, identifier: str) -> bytes | None:
        entry = self._live(namespace, identifier)
        return None if entry is None else entry.value

    @override
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        entry = self._live(namespace, identifier)
        return None if entry is None else entry.expires_at

    @override
    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        self._put(namespace, identifier, value, expiry, self._live(namespace, identifier))

    @override
    async def _touch(self, namespace: str, identifier: str, expires_at: float) -> bool:
        entry = self._live(namespace, identifier)
        if entry is None:
            return False
        self._store(namespace, identifier, Stored(entry.value, expires_at))
        return True

    @override
    async def _delete(self, namespace: str, identifier: str) -> bool:
        if self._live(namespace, identifier) is None:
            return False
        self._forget(namespace, identifier)
        return True

    @override
    async def _compare_and_set(
        self, namespace: str, identifier: str, value: bytes, expected: bytes | None, expiry: Expiry
    ) -> Swap:
        entry = self._live(namespace, identifier)
        found = None if entry is None else entry.value
        if found != expected:
            return Swap(done=False, found=found)
        self._put(namespace, identifier, value, expiry, entry)
        return Swap(done=True, found=None)

    @override
    async def _increment(self, namespace: str, identifier: str, amount: int, expiry: Expiry) -> int:
        entry = self._live(namespace, identifier)
        total = counters.total(None if entry is None else entry.value, amount, identifier)
        self._put(namespace, identifier, b"%d" % total, expiry, entry)
        return total

    @override
    async def _hit(self, namespace: str, identifier: str, limits: Limits, cost: int) -> Decision:
        entry = self._live(namespace, identifier)
        decision = decide(None if entry is None else entry.value, limits, cost, self._clock(), identifier)
        if decision.allowed:
            self._store(namespace, identifier, Stored(decision.value, decision.expires_at))
        return decision

    @override
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        shelf = self._shelves.get(namespace)
        if shelf is None:
            return
        candidates = [key for key, _ in groupby(shelf.index.starting_with(prefix, shelf.entries))]
        for start in range(0, len(candidates), _PAGE):
            page = candidates[start : start + _PAGE]
            yield [key for key in page if self._live(namespace, key) is not None]
            # A million keys must not stall the event loop.
            await asyncio.sleep(0)

    @override
    async def _namespaces(self) -> Iterable[str]:
        now = self._clock()
        shelves = self._shelves.items()
        return [
            path for path, shelf in shelves if any(entry.expires_at > now for entry in shelf.entries.values())
        ]

    @override
    async def _clear(self, namespace: str) -> int:
        shelf = self._shelves.pop(namespace, None)
        if shelf is None:
            return 0
        self._count -= len(shelf.entries)
        now = self._clock()
        return sum(entry.expires_at > now for entry in shelf.entries.values())

    def _live(self, namespace: str, identifier: str) -> Stored | None:
        shelf = self._shelves.get(namespace)
        entry = None if shelf is None else shelf.entries.get(identifier)
        if entry is None or (entry.expires_at != math.inf and entry.expires_at <= self._clock()):
            return None
        return entry

    def _put(self, namespace: str, identifier: str, value: bytes, expiry: Expiry, old: Stored | None) -> None:
        keeps = expiry.keep and old is not None
        self._store(namespace, identifier, Stored(value, old.expires_at if keeps and old else expiry.at))

    def _store(self, namespace: str, identifier: str, entry: Stored) -> None:
        shelf = self._shelves.get(namespace)
        if shelf is None:
            shelf = self._shelves[namespace] = _Shelf()
        old = shelf.entries.get(identifier)
        shelf.entries[identifier] = entry
        if old is None:
            self._count += 1
            shelf.index.add(identifier, shelf.entries)
        if entry.expires_at != math.inf and (old is None or old.expires_at != entry.expires_at):
            heapq.heappush(self._expiries, (entry.expires_at, namespace, identifier))
        if self._expiries:
            self._sweep()

    def _forget(self, namespace: str, identifier: str) -> None:
        shelf = self._shelves[namespace]
        del shelf.entries[identifier]
        self._count -= 1
        if not shelf.entries:
            del self._shelves[namespace]

    def _sweep(self) -> None:
        """Forget what has expired, a little at a time, and keep the heap in proportion to what lives."""
        now = self._clock()
        for _ in range(_SWEPT_AT_ONCE):
            if not self._expiries or self._expiries[0][0] > now:
                break
            moment, namespace, identifier = heapq.heappop(self._expiries)
            shelf = self._shelves.get(namespace)
            entry = None if shelf is None else shelf.entries.get(identifier)
            if entry is not None and entry.expires_at == moment:
                self._forget(namespace, identifier)
        if len(self._expiries) > 2 * self._count + _SWEPT_AT_ONCE:
            self._rebuild_expiries()

    def _rebuild_expiries(self) -> None:
        self._expiries = [
            (entry.expires_at, namespace, identifier)
            for namespace, shelf in self._shelves.items()
            for identifier, entry in shelf.entries.items()
            if entry.expires_at != math.inf
        ]
        heapq.heapify(self._expiries)
