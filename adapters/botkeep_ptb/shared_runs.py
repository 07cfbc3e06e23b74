"""One run of some work for all who ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class SharedRuns:
    """Runs a coroutine function so that each call is served by a run that began after it.

    Runs follow one another. While one is under way, further calls wait, and then share the next one. A caller
    that is cancelled leaves the run to the others.
    """

    def __init__(self, run: Callable[[], Awaitable[None]]) -> None:
        self._run = run
        self._lock = asyncio.Lock()
        self._calls = 0
        self._served = 0
        self._running: asyncio.Future[None] | None = None

    async def __call__(self) -> None:
        """Wait for a run that begins from now on."""
        self._calls += 1
        call = self._calls
        async with self._lock:
            if self._running is not None:
                await asyncio.wait([self._running])
            if self._served < call:
                self._served = self._calls
                self._running = asyncio.ensure_future(self._run())
                await asyncio.shield(self._running)
