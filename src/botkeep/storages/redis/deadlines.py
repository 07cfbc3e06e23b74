"""No call waits for ever: one timer for all calls, because all wait equally long."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from botkeep.storages.redis.commands import Command


class Deadlines:
    """Ends the wait of callers whose time is up, whatever has become of their commands.

    Args:
        late: returns the outcome of a command whose time is up: most often an exception.
    """

    def __init__(self, late: Callable[[Command], Any]) -> None:
        self._late = late
        self._waiting: deque[tuple[Command, asyncio.Future[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, command: Command, future: asyncio.Future[Any]) -> None:
        """See to it that the future is done when the command's deadline has passed."""
        waiting = self._waiting
        while waiting and waiting[0][1].done():
            waiting.popleft()
        if waiting and command.deadline < waiting[0][0].deadline:
            # It has come back to be tried again: it has waited longer than all others here.
            waiting.appendleft((command, future))
            self.cancel()
        else:
            waiting.append((command, future))
        if self._timer is None:
            self._set_timer()

    def cancel(self) -> None:
        """Stop the timer; `watch` sets it again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(self._waiting[0][0].deadline, self._strike)

    def _strike(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        waiting = self._waiting
        while waiting and (waiting[0][1].done() or waiting[0][0].deadline <= now):
            command, future = waiting.popleft()
            if not future.done():
                _settle(future, self._late(command))
        if waiting:
            self._set_timer()


def _settle(future: asyncio.Future[Any], outcome: Any) -> None:
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
