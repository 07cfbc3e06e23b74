"""Updates of one document that wait for each other, made as one: a popular button answers as quickly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from botkeep import OutcomeUnknownError, StorageUnavailableError, documents

if TYPE_CHECKING:
    from botkeep import BaseStorage

Change: TypeAlias = Callable[[Any], Any]

_Update: TypeAlias = "tuple[Change, asyncio.Future[Any]]"


class GroupedUpdates:
    """Updates of the documents of one storage, as `botkeep.BaseStorage.update` makes them.

    While one update of a document is under way, further ones of the same document queue up; they then go
    together, in the order they came, each with an outcome of its own. Alone, an update goes at once. Each
    renews the document's life by the storage's ``default_ttl``, as every other change of it does.

    Args:
        stored: where the documents are.
    """

    def __init__(self, stored: BaseStorage) -> None:
        self._stored = stored
        self._queues: dict[str, list[_Update]] = {}
        self._runs: set[asyncio.Task[None]] = set()

    def submit(self, key: str, change: Change) -> asyncio.Future[Any]:
        """Queue a change, to an empty dict if there is no document; the future brings the new document.

        A change whose future is cancelled while it still waits is not made.
        """
        future = asyncio.get_running_loop().create_future()
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = []
            # In a context of its own: the run serves others than the interaction that begins it.
            run = Context().run(asyncio.get_running_loop().create_task, self._run(key, queue))
            self._runs.add(run)
            run.add_done_callback(partial(self._ended, key, queue))
        queue.append((change, future))
        return future

    async def drain(self) -> None:
        """Return when nothing is queued or under way."""
        while self._runs:
            await asyncio.wait(self._runs)

    async def _run(self, key: str, queue: list[_Update]) -> None:
        while batch := [update for update in queue if not update[1].done()]:
            queue.clear()
            try:
                await self._make(key, batch)
            except BaseException:
                # Somebody cancels all tasks; the update may have been under way.
                self._fail(batch, OutcomeUnknownError)
                raise
        # At once: what is submitted from now on needs a run of its own.
        del self._queues[key]

    def _ended(self, key: str, queue: list[_Update], run: asyncio.Task[None]) -> None:
        # Not in the run itself: one that is cancelled before its first step executes nothing at all.
        self._runs.discard(run)
        if self._queues.get(key) is queue:
            del self._queues[key]
        self._fail(queue, StorageUnavailableError)

    def _fail(self, batch: Iterable[_Update], error: type[StorageUnavailableError]) -> None:
        for _, future in batch:
            _settle(future, error(repr(self._stored), "the update was cancelled"))

    async def _make(self, key: str, batch: Sequence[_Update]) -> None:
        outcomes: list[Any] = []

        def change_all(document: Any) -> Any:
            # Called anew when another process wrote in between.
            outcomes[:] = []
            for change, future in batch:
                # Whoever gave up waiting was told that nothing has happened, or that nobody knows.
                if future.done():
                    outcomes.append(None)
                    continue
                document, outcome = _attempt(change, document, key)
                outcomes.append(outcome)
            return document

        try:
            await self._stored.update(key, change_all, default={}, ttl=None)
        except Exception as exc:  # noqa: BLE001 # it reaches every caller
            outcomes = [exc] * len(batch)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _settle(future, outcome)


def _settle(future: asyncio.Future[Any], outcome: Any) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _attempt(change: Change, document: Any, key: str) -> tuple[Any, Any]:
    """Return the document after a change and what the change came to: a copy of it, or the error."""
    before = documents.encode(document)
    try:
        after = documents.encode(_changed(change, document, key))
    except Exception as exc:  # noqa: BLE001 # it is this change's alone
        return documents.decode(before), exc
    return documents.decode(after), documents.decode(after)


def _changed(change: Change, document: Any, key: str) -> Any:
    changed = change(document)
    if changed is None:
        raise TypeError(f"the change to the state of {key!r} returned None; return the new state")
    return changed
