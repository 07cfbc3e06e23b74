"""Doing something every few seconds: as a task of an event loop, or on a thread where there is none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable


class TaskCycle:
    """Runs ``turn`` every ``interval`` seconds, and ``end`` at the end, however it comes.

    Args:
        turn: must not raise.
        end: runs also when the task is cancelled, as `asyncio.run` does with what is left over.
        interval: seconds.
    """

    def __init__(
        self, turn: Callable[[], Awaitable[None]], end: Callable[[], Awaitable[None]], interval: float
    ) -> None:
        self._turn = turn
        self._end = end
        self._interval = interval
        self._ending = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def is_running(self) -> bool:
        """Whether it has a task that is alive, in an event loop that is."""
        return not self._task.done() and not self._task.get_loop().is_closed()

    async def stop(self) -> None:
        """Return when the turn under way and ``end`` have come to their end."""
        self._ending.set()
        await self._task

    async def _run(self) -> None:
        try:
            while not await self._is_ending():
                await self._turn()
        finally:
            await self._end()

    async def _is_ending(self) -> bool:
        """Wait for the end, or for the next turn."""
        try:
            return await asyncio.wait_for(self._ending.wait(), self._interval)
        except asyncio.TimeoutError:
            return False


class ThreadCycle:
    """Runs ``turn`` on a thread every ``interval`` seconds.

    Args:
        turn: must not raise.
        interval: seconds.
    """

    def __init__(self, turn: Callable[[], None], interval: float) -> None:
        self._turn = turn
        self._interval = interval
        self._is_ending = threading.Event()
        # A daemon: a program that forgets the end must still be able to exit.
        self._thread = threading.Thread(target=self._run, name="botkeep backups", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the turn under way has come to its end."""
        self._is_ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_ending.wait(self._interval):
            self._turn()
