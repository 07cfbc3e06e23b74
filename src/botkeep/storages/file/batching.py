"""An open file for one event loop, fed in batches: one rewrite for many calls."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from botkeep._core.batching import Batcher, run_as_task
from botkeep._files.threads import on_a_thread
from botkeep.errors import OutcomeUnknownError
from botkeep.hooks import Stored
from botkeep.patterns import after
from botkeep.storages.file.format import Content
from botkeep.storages.file.json_file import JsonFile
from botkeep.storages.file.pending_state import Change, PendingState, live

if TYPE_CHECKING:
    from botkeep._core.clock import SteadyClock

Result = TypeVar("Result")

_AT_ONCE: Final = 10_000
"""Calls that one rewrite serves at most: all that queue, within reason."""


class Submit(Protocol):
    """Queues a change; the future brings its result."""

    def __call__(self, change: Change[Result], /) -> asyncio.Future[Result]: ...


class BatchingFile:
    """All documents, in memory and on the disk; made by `opened`.

    What is read is what is on the disk: changes show when they have been written, and never if that fails.
    A reader calls `wait_for_pending_writes` first.
    """

    def __init__(self, file: JsonFile, content: Content, *, name: str, clock: SteadyClock) -> None:
        clock.not_before(content.clock)
        self._file = file
        self._documents = content.documents
        self._names: dict[str, tuple[object, list[str]]] = {}
        self._clock = clock
        self._batcher: Batcher[Change[Any]] = Batcher(run_as_task(self._send), name=name, limit=_AT_ONCE)
        self.submit: Submit = self._batcher.submit

    @classmethod
    async def opened(cls, path: str, *, name: str, clock: SteadyClock) -> BatchingFile:
        """Lock and read the file; its errors are ours already."""
        file = JsonFile(path, name)
        return cls(file, await on_a_thread(file.open), name=name, clock=clock)

    async def wait_for_pending_writes(self) -> None:
        """Return when the changes that were submitted before have come to their end.

        Also a change whose caller was cancelled: a reader must not see it undone, and later done.
        """
        if self._batcher.busy:
            await self.submit(_nothing)

    async def close(self) -> None:
        """Finish what is queued and let go of the file."""
        await self._batcher.drain()
        await on_a_thread(self._file.close)

    def check(self) -> None:
        """Raise StorageUnavailableError if the file could not be written now."""
        self._file.check()

    def live(self, namespace: str, identifier: str) -> Stored | None:
        """Return a document that has not expired; None when absent."""
        return live(self._documents, namespace, identifier, self._clock())

    def starting_with(self, namespace: str, prefix: str) -> list[str]:
        """Return the identifiers that start with the prefix, in order, of live documents and expired ones."""
        documents = self._documents.get(namespace, {})
        known = self._names.get(namespace)
        if known is None or known[0] is not documents:
            known = self._names[namespace] = (documents, list(documents))
        names, end = known[1], after(prefix)
        return names[bisect_left(names, prefix) : None if end is None else bisect_left(names, end)]

    def namespaces(self) -> list[str]:
        """Return the paths of all namespaces that hold a live document."""
        now = self._clock()
        return [
            path
            for path, documents in self._documents.items()
            if any(stored.expires_at > now for stored in documents.values())
        ]

    async def _send(self, batch: Sequence[Change[Any]]) -> list[Any]:
        return await on_a_thread(self._execute, batch)

    # From here on, on a thread.

    def _execute(self, batch: Sequence[Change[Any]]) -> list[Any]:
        """Make all changes and write once; return one outcome per change."""
        state = PendingState(self._documents, self._clock())
        outcomes = [_attempt(change, state) for change in batch]
        if state.changes:
            self._write(Content(state.result(), state.now))
        return outcomes

    def _write(self, content: Content) -> None:
        try:
            self._file.rewrite(content)
        except OutcomeUnknownError:
            self._documents = content.documents
            raise
        self._documents = content.documents


def _nothing(_: PendingState) -> None:
    """Change nothing, in the order of the calls."""


def _attempt(change: Change[Any], state: PendingState) -> Any:
    try:
        return change(state)
    except Exception as exc:  # noqa: BLE001 # whatever it is, the other calls of the batch are innocent
        return exc
