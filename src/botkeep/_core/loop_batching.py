"""Work for objects that live with no event loop, with one, or with one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from botkeep._core.batching import Coalescer, Request, Trip, in_a_task

Result = TypeVar("Result")


def an_event_loop_runs() -> bool:
    """Whether this thread runs an event loop now."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run_without_waiting(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of a coroutine that waits for nothing, without an event loop.

    Raises:
        RuntimeError: it does wait.
    """
    try:
        work.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    work.close()
    raise RuntimeError(f"{work!r} waits, and there is no event loop here")


class LoopCoalescer(Generic[Request]):
    """A `Coalescer` for whichever event loop is running.

    Args:
        trip: takes a batch and returns one outcome per request.
        name: for errors.
    """

    def __init__(self, trip: Trip[Request], *, name: str) -> None:
        self._trip = trip
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._coalescer: Coalescer[Request] | None = None

    async def submit(self, request: Request) -> Any:
        """Queue a request and return its outcome."""
        loop = asyncio.get_running_loop()
        if self._coalescer is None or self._loop is not loop:
            self._loop, self._coalescer = loop, Coalescer(in_a_task(self._trip), name=self._name)
        return await self._coalescer.submit(request)
