"""An open file for one event loop, fed in batches: one rewrite for many calls."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, Final

from botkeep._core.batching import Coalescer, in_a_task
from botkeep._files.threads import on_a_thread
from botkeep.errors import OutcomeUnknownError
from botkeep.hooks import Stored
from botkeep.patterns import after
from botkeep.storages.file.disk import FileOnDisk
from botkeep.storages.file.draft import Change, Draft, live
from botkeep.storages.file.layout import Shelves
from botkeep.ttl import Clock

_AT_ONCE: Final = 10_000
"""Calls that one rewrite serves at most: all that queue, within reason."""


class BatchingFile:
    """All documents, in memory and on the disk; made by `opened`.

    What is read is what is on the disk: changes show when they have been written, and never if that fails.
    A reader calls `settle` first.
    """

    def __init__(self, file: FileOnDisk, shelves: Shelves, *, name: str, clock: Clock) -> None:
        self._file = file
        self._shelves = shelves
        self._names: dict[str, tuple[object, list[str]]] = {}
        self._clock = clock
        self._coalescer: Coalescer[Change] = Coalescer(in_a_task(self._trip), name=name, limit=_AT_ONCE)
        self.submit: Callable[[Change], asyncio.Future[Any]] = self._coalescer.submit

    @classmethod
    async def opened(cls, path: str, *, name: str, clock: Clock) -> BatchingFile:
        """Lock and read the file; its errors are ours already."""
        file = FileOnDisk(path, name)
        return cls(file, await on_a_thread(file.open), name=name, clock=clock)

    async def settle(self) -> None:
        """Let the changes that were submitted before come to their end.

        Also a change whose caller was cancelled: a reader must not see it undone, and later done.
        """
        if self._coalescer.busy:
            await self.submit(_nothing)

    async def close(self) -> None:
        """Finish what is queued and let go of the file."""
        await self._coalescer.drain()
        await on_a_thread(self._file.close)

    def check(self) -> None:
        """Raise StorageUnavailableError if the file could not be written now."""
        self._file.check()

    def live(self, namespace: str, identifier: str) -> Stored | None:
        """Return a document that has not expired; None when absent."""
        return live(self._shelves, namespace, identifier, self._clock())

    def starting_with(self, namespace: str, prefix: str) -> list[str]:
        """Return the identifiers that start with the prefix, in order, of live documents and expired ones."""
        shelf = self._shelves.get(namespace, {})
        known = self._names.get(namespace)
        if known is None or known[0] is not shelf:
            known = self._names[namespace] = (shelf, list(shelf))
        names, end = known[1], after(prefix)
        return names[bisect_left(names, prefix) : None if end is None else bisect_left(names, end)]

    def namespaces(self) -> list[str]:
        """Return the paths of all namespaces that hold a live document."""
        now, shelves = self._clock(), self._shelves.items()
        return [path for path, shelf in shelves if any(stored.expires_at > now for stored in shelf.values())]

    async def _trip(self, batch: Sequence[Change]) -> list[Any]:
        return await on_a_thread(self._execute, batch)

    # From here on, on a thread.

    def _execute(self, batch: Sequence[Change]) -> list[Any]:
        """Make all changes and write once; return one outcome per change."""
        draft = Draft(self._shelves, self._clock())
        outcomes = [_attempt(change, draft) for change in batch]
        if draft.changes:
            self._write(draft.result())
        return outcomes

    def _write(self, shelves: Shelves) -> None:
        try:
            self._file.rewrite(shelves)
        except OutcomeUnknownError:
            self._shelves = shelves
            raise
        self._shelves = shelves


def _nothing(draft: Draft) -> None:
    """Change nothing, in turn."""


def _attempt(change: Change, draft: Draft) -> Any:
    try:
        return change(draft)
    except Exception as exc:  # noqa: BLE001 # whatever it is, the other calls of the batch are innocent
        return exc
