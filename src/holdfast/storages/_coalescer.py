"""Many calls, one trip: while a trip to the engine is under way further calls queue up, and go as one.

No timer and no added delay: a call that is alone goes at once, as soon as the event loop has run the
callbacks that are ready, so that calls made in the same moment share their first trip too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
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
        self._start: asyncio.Handle | None = None
        self._flight: asyncio.Future[Sequence[Any]] | None = None

    def submit(self, request: Request) -> asyncio.Future[Any]:
        """Queue a request; the future brings its outcome."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.append((request, future))
        if self._flight is None and self._start is None:
            self._start = loop.call_soon(self._set_off)
        return future

    @property
    def busy(self) -> bool:
        """Whether a request may be queued or under way, also one whose caller was cancelled meanwhile."""
        return self._flight is not None or self._start is not None

    async def drain(self) -> None:
        """Return when nothing is queued or under way, or can be: its event loop is closed."""
        while self.busy:
            if self._flight is not None:
                if self._flight.get_loop().is_closed():
                    return
                await asyncio.wait([self._flight])
            await asyncio.sleep(0)

    def _set_off(self) -> None:
        self._start = None
        batch = self._take()
        if not batch:
            return
        try:
            # No task of its own where the engine has a future: that would be one more turn of the event loop.
            flight = self._flight = asyncio.ensure_future(self._trip([request for request, _ in batch]))
        except Exception as exc:  # noqa: BLE001 # it reaches every caller
            _settle(batch, [exc] * len(batch))
        else:
            flight.add_done_callback(partial(self._landed, batch))

    def _landed(
        self, batch: Sequence[tuple[Request, asyncio.Future[Any]]], flight: asyncio.Future[Sequence[Any]]
    ) -> None:
        self._flight = None
        if flight.cancelled():
            # Somebody cancelled all tasks; calls made while cleaning up still get their trip.
            _settle(batch, [OutcomeUnknownError(self._name, "the trip was cancelled") for _ in batch])
        elif (exc := flight.exception()) is not None:
            _settle(batch, [exc] * len(batch))
        else:
            _settle(batch, flight.result())
        if self._queue:
            self._set_off()

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
