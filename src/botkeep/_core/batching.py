"""Many calls, one batch: while the engine works on a batch further calls queue up, and make up the next.

No timer and no added delay: a call that is alone is sent at once. Where other callbacks are ready to run they
run first, so that calls made in the same moment share their first batch too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from botkeep.errors import OutcomeUnknownError

Request = TypeVar("Request")
Outcomes: TypeAlias = "Sequence[Any] | BaseException"
"""One outcome per request: its result, or an exception for that call alone. Or an exception for all."""

Complete: TypeAlias = "Callable[[Outcomes], None]"
SendBatch: TypeAlias = "Callable[[Sequence[Request], Complete], None]"
Execute: TypeAlias = "Callable[[Sequence[Request]], Awaitable[Sequence[Any]]]"


class Batcher(Generic[Request]):
    """Collects requests and hands them over in the order they came, one batch at a time.

    Args:
        send_batch: hands a batch to the engine, and has ``complete`` called with the outcomes, once, on the
            event loop.
        name: the storage's name, for errors.
        limit: how many requests one batch may hold.

    A cancelled call whose request still waits is taken out: it has not happened. One whose batch was sent
    happens wholly.
    """

    def __init__(self, send_batch: SendBatch[Request], *, name: str, limit: int = 512) -> None:
        self._send_batch = send_batch
        self._name = name
        self._limit = limit
        self._queue: deque[tuple[Request, asyncio.Future[Any]]] = deque()
        self._scheduled: asyncio.Handle | None = None
        self._requests: Sequence[Request] = ()
        self._sent: list[asyncio.Future[Any]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: asyncio.Event | None = None

    def submit(self, request: Request) -> asyncio.Future[Any]:
        """Queue a request; the future brings its outcome."""
        loop = self._loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.append((request, future))
        if not self._sent and self._scheduled is None:
            # Whether more is ready to run now: asyncio keeps that to itself, other event loops do not tell.
            # It saves a lone call an iteration of the event loop: a tenth of its time.
            if getattr(loop, "_ready", True):
                self._scheduled = loop.call_soon(self._flush)
            else:
                self._flush()
        return future

    @property
    def busy(self) -> bool:
        """Whether a request may be queued or under way, also one whose caller was cancelled meanwhile."""
        return self._scheduled is not None or bool(self._sent)

    def __len__(self) -> int:
        """How many requests are under way or queued."""
        return len(self._queue) + len(self._sent)

    def outstanding(self) -> Iterator[Request]:
        """Return those requests, also of callers that were cancelled meanwhile."""
        yield from self._requests
        for request, _ in self._queue:
            yield request

    async def drain(self) -> None:
        """Return when nothing is queued or under way, or can be: its event loop is closed."""
        while self.busy and self._loop is asyncio.get_running_loop():
            self._idle = self._idle or asyncio.Event()
            await self._idle.wait()

    def _flush(self) -> None:
        self._scheduled = None
        taken: list[tuple[Request, asyncio.Future[Any]]] = []
        while self._queue and len(taken) < self._limit:
            pair = self._queue.popleft()
            if not pair[1].done():
                taken.append(pair)
        self._requests = requests = [request for request, _ in taken]
        self._sent = [future for _, future in taken]
        if not requests:
            self._go_on()
            return
        try:
            self._send_batch(requests, self._complete)
        except Exception as exc:  # noqa: BLE001 # it reaches every caller
            self._complete(exc)

    def _complete(self, outcomes: Outcomes) -> None:
        futures, self._sent, self._requests = self._sent, [], ()
        if isinstance(outcomes, asyncio.CancelledError):
            # Somebody cancelled all tasks; calls made while cleaning up still get a batch.
            outcomes = OutcomeUnknownError(self._name, "the batch was cancelled")
        if isinstance(outcomes, BaseException):
            outcomes = [outcomes] * len(futures)
        for future, outcome in zip(futures, outcomes, strict=True):
            # As `complete_future` does, without a call for each.
            if not future.done():
                if isinstance(outcome, BaseException):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
        if self._queue or self._idle is not None:
            self._go_on()

    def _go_on(self) -> None:
        """Go on with what is queued; tell who drains if that is nothing."""
        if self._queue:
            # Behind the callers that were just answered: their next calls come along, and no two groups of
            # callers form that wait for each other's batches.
            self._scheduled = asyncio.get_running_loop().call_soon(self._flush)
        elif self._idle is not None:
            self._idle.set()
            self._idle = None


def run_as_task(execute: Execute[Request]) -> SendBatch[Request]:
    """Return a ``send_batch`` that runs a coroutine function: it takes a batch and returns its outcomes."""
    running: set[asyncio.Future[Sequence[Any]]] = set()  # the event loop keeps no task alive

    def send_batch(batch: Sequence[Request], complete: Complete) -> None:
        def done(task: asyncio.Future[Sequence[Any]]) -> None:
            running.discard(task)
            complete(asyncio.CancelledError() if task.cancelled() else task.exception() or task.result())

        task = asyncio.ensure_future(execute(batch))
        running.add(task)
        task.add_done_callback(done)

    return send_batch


def complete_future(future: asyncio.Future[Any], outcome: Any) -> None:
    """Give a future its result, or the exception that ``outcome`` is, unless it was cancelled."""
    if future.done():
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class LoopBatcher(Generic[Request]):
    """A `Batcher` for whichever event loop is running: objects live with none, or with one after another.

    Args:
        execute: takes a batch and returns one outcome per request.
        name: for errors.
    """

    def __init__(self, execute: Execute[Request], *, name: str) -> None:
        self._execute = execute
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._batcher: Batcher[Request] | None = None

    async def submit(self, request: Request) -> Any:
        """Queue a request and return its outcome."""
        loop = asyncio.get_running_loop()
        if self._batcher is None or self._loop is not loop:
            self._loop, self._batcher = loop, Batcher(run_as_task(self._execute), name=self._name)
        return await self._batcher.submit(request)


def an_event_loop_runs() -> bool:
    """Whether this thread runs an event loop now."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
