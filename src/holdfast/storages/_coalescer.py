"""Many calls, one trip: while a trip to the engine is under way further calls queue up, and go as one.

No timer and no added delay: a call that is alone goes at once, as soon as the event loop has run the
callbacks that are ready, so that calls made in the same moment share their first trip too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from holdfast.errors import OutcomeUnknownError

Request = TypeVar("Request")
Trip: TypeAlias = "Callable[[Sequence[Request]], Awaitable[Sequence[Any]]]"


class Coalescer(Generic[Request]):
    """Collects requests and hands them to ``trip`` in the order they came, one batch at a time.

    Args:
        trip: takes a batch and returns one outcome per request: the result, or an exception for that call
            alone. What it raises, every call of the batch gets.
        name: the storage's name, for errors.
        limit: how many requests one trip may carry.

    A cancelled call whose request still waits is taken out: it has not happened. One whose trip is under way
    happens wholly.
    """

    def __init__(self, trip: Trip[Request], *, name: str, limit: int = 512) -> None:
        self._trip = trip
        self._name = name
        self._limit = limit
        self._queue: deque[tuple[Request, asyncio.Future[Any]]] = deque()
        self._pump: asyncio.Task[None] | None = None

    def submit(self, request: Request) -> asyncio.Future[Any]:
        """Queue a request; the future brings its outcome."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.append((request, future))
        if not self.busy:
            self._start_pump(loop)
        return future

    @property
    def busy(self) -> bool:
        """Whether a request may be queued or under way, also one whose caller was cancelled meanwhile."""
        return self._pump is not None and not self._pump.done()

    async def drain(self) -> None:
        """Return when nothing is queued or under way, or can be: its event loop is closed."""
        while self._pump is not None and self.busy and not self._pump.get_loop().is_closed():
            await asyncio.wait([self._pump])

    def _start_pump(self, loop: asyncio.AbstractEventLoop) -> None:
        self._pump = loop.create_task(self._run())
        self._pump.add_done_callback(self._ended)

    def _ended(self, pump: asyncio.Task[None]) -> None:
        # Somebody who cancels all tasks hits the pump too; calls made while cleaning up still need one.
        if pump is self._pump and self._queue:
            self._start_pump(pump.get_loop())

    async def _run(self) -> None:
        while batch := self._take():
            requests = [request for request, _ in batch]
            try:
                outcomes: Sequence[Any] = await self._trip(requests)
            except asyncio.CancelledError:
                _settle(batch, [OutcomeUnknownError(self._name, "the trip was cancelled") for _ in batch])
                raise
            except Exception as exc:  # noqa: BLE001 # it reaches every caller
                outcomes = [exc] * len(batch)
            _settle(batch, outcomes)

    def _take(self) -> list[tuple[Request, asyncio.Future[Any]]]:
        batch: list[tuple[Request, asyncio.Future[Any]]] = []
        while self._queue and len(batch) < self._limit:
            call = self._queue.popleft()
            if not call[1].done():
                batch.append(call)
        return batch


def _settle(batch: Sequence[tuple[Any, asyncio.Future[Any]]], outcomes: Sequence[Any]) -> None:
    for (_, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
