"""Documents in this process's memory: for tests, for development, and for what need not survive."""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from botkeep._core.compat import override
from botkeep.abc import BaseStorage
from botkeep.hooks import Stored
from botkeep.storages.memory.key_index import KeyIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import timedelta

    from botkeep.hooks import Operation
    from botkeep.ttl import Clock

Result = TypeVar("Result")

_PAGE = 1000
_SWEPT_AT_ONCE = 100
"""Expired documents that one write removes at most, so that no call pays for a hundred thousand of them."""


class _Documents:
    """The documents of one namespace."""

    def __init__(self) -> None:
        self.entries: dict[str, Stored] = {}
        self.index = KeyIndex()

    def any_live(self, now: float) -> bool:
        """Whether one of them has not expired."""
        return any(entry.expires_at > now for entry in self.entries.values())


class MemoryStorage(BaseStorage):
    """Keeps the laws of every storage, in a dict. Gone with the process; `stop` keeps the documents.

    Args:
        default_ttl: seconds (or a timedelta) to live for a document whose call gives no ttl; None: for ever.
        clock: seconds since the epoch; tests inject their own.
    """

    def __init__(self, default_ttl: float | timedelta | None = None, *, clock: Clock = time.time) -> None:
        super().__init__(default_ttl=default_ttl, clock=clock)
        self._documents: dict[str, _Documents] = {}
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
    async def _apply(self, namespace: str, identifier: str, operation: Operation[Result]) -> Result:
        documents = self._documents.get(namespace)
        found = None if documents is None else documents.entries.get(identifier)
        now = self._clock()
        old = found if found is not None and found.expires_at > now else None
        entry, result = operation(old, now)
        if entry is None:
            if old is not None:
                self._remove(namespace, identifier)
        elif entry is not old:
            if documents is not None and found is not None and found.expires_at == entry.expires_at:
                documents.entries[identifier] = entry
            else:
                self._store(namespace, identifier, entry, found)
            if self._expiries:
                self._sweep(now)
        return result

    @override
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        documents = self._documents.get(namespace)
        if documents is None:
            return
        candidates = [key for key, _ in groupby(documents.index.starting_with(prefix, documents.entries))]
        for start in range(0, len(candidates), _PAGE):
            page = candidates[start : start + _PAGE]
            yield [key for key in page if self._live(namespace, key) is not None]
            # A million keys must not stall the event loop.
            await asyncio.sleep(0)

    @override
    async def _namespaces(self) -> Iterable[str]:
        now = self._clock()
        return [path for path, documents in self._documents.items() if documents.any_live(now)]

    @override
    async def _clear(self, namespace: str) -> int:
        documents = self._documents.pop(namespace, None)
        if documents is None:
            return 0
        self._count -= len(documents.entries)
        now = self._clock()
        return sum(entry.expires_at > now for entry in documents.entries.values())

    def _live(self, namespace: str, identifier: str) -> Stored | None:
        documents = self._documents.get(namespace)
        entry = None if documents is None else documents.entries.get(identifier)
        if entry is None or (entry.expires_at != math.inf and entry.expires_at <= self._clock()):
            return None
        return entry

    def _store(self, namespace: str, identifier: str, entry: Stored, old: Stored | None) -> None:
        documents = self._documents.get(namespace)
        if documents is None:
            documents = self._documents[namespace] = _Documents()
        documents.entries[identifier] = entry
        if old is None:
            self._count += 1
            documents.index.add(identifier, documents.entries)
        if entry.expires_at != math.inf and (old is None or old.expires_at != entry.expires_at):
            heapq.heappush(self._expiries, (entry.expires_at, namespace, identifier))

    def _remove(self, namespace: str, identifier: str) -> None:
        documents = self._documents[namespace]
        del documents.entries[identifier]
        self._count -= 1
        if not documents.entries:
            del self._documents[namespace]

    def _sweep(self, now: float) -> None:
        """Forget what has expired, a little at a time, and keep the heap in proportion to what lives."""
        for _ in range(_SWEPT_AT_ONCE):
            if not self._expiries or self._expiries[0][0] > now:
                break
            moment, namespace, identifier = heapq.heappop(self._expiries)
            documents = self._documents.get(namespace)
            entry = None if documents is None else documents.entries.get(identifier)
            if entry is not None and entry.expires_at == moment:
                self._remove(namespace, identifier)
        if len(self._expiries) > 2 * self._count + _SWEPT_AT_ONCE:
            self._rebuild_expiries()

    def _rebuild_expiries(self) -> None:
        self._expiries = [
            (entry.expires_at, namespace, identifier)
            for namespace, documents in self._documents.items()
            for identifier, entry in documents.entries.items()
            if entry.expires_at != math.inf
        ]
        heapq.heapify(self._expiries)
