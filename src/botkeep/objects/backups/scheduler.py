"""Doing something every few seconds: as a task of an event loop, or on a thread where there is none.

One run that fails is logged, and the next one comes all the same.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable

_logger = logging.getLogger(__name__)

_FAILED = "A cycle of backups failed; the next one tries again"


class TaskCycle:
    """Runs ``cycle`` every ``interval`` seconds, and ``end`` at the end, however it comes.

    Args:
        cycle: what it raises is logged.
        end: runs also when the task is cancelled, as `asyncio.run` does with what is left over.
        interval: seconds.
    """

    def __init__(
        self, cycle: Callable[[], Awaitable[None]], end: Callable[[], Awaitable[None]], interval: float
    ) -> None:
        self._cycle = cycle
        self._end = end
        self._interval = interval
        self._ending = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def is_running(self) -> bool:
        """Whether it has a task that is alive, in an event loop that is."""
        return not self._task.done() and not self._task.get_loop().is_closed()

    async def stop(self) -> None:
        """Return when the cycle under way and ``end`` have come to their end."""
        self._ending.set()
        if self.is_running():
            await self._task
        else:
            # Somebody cancelled it, or its event loop is gone: things may have changed since.
            await self._end()

    async def _run(self) -> None:
        try:
            while not await self._is_ending():
                await self._cycle_once()
        finally:
            await self._end()

    async def _cycle_once(self) -> None:
        try:
            await self._cycle()
        except Exception:
            _logger.exception(_FAILED)

    async def _is_ending(self) -> bool:
        """Wait for the end, or for the next cycle."""
        try:
            return await asyncio.wait_for(self._ending.wait(), self._interval)
        except asyncio.TimeoutError:
            return False


class ThreadCycle:
    """Runs ``cycle`` on a thread every ``interval`` seconds.

    Args:
        cycle: what it raises is logged.
        interval: seconds.
    """

    def __init__(self, cycle: Callable[[], None], interval: float) -> None:
        self._cycle = cycle
        self._interval = min(interval, threading.TIMEOUT_MAX)
        self._is_ending = threading.Event()
        # A daemon: a program that forgets the end must still be able to exit.
        self._thread = threading.Thread(target=self._run, name="botkeep backups", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the cycle under way has come to its end."""
        self._is_ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_ending.wait(self._interval):
            try:
                self._cycle()
            except Exception:
                _logger.exception(_FAILED)
