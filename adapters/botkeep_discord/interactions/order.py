"""Order: the handlers of one user run one after another, in the order in which their events arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any, Final

from botkeep.fsm import Ordering

_AUTOCOMPLETE: Final = 4
"""The type of the interactions in which a user is still typing."""

_held: ContextVar[AsyncExitStack | None] = ContextVar("botkeep_discord.order", default=None)


class OrderedHandlers:
    """Starts handlers so that those of one user wait for each other, and those of different users do not."""

    def __init__(self) -> None:
        self._ordering = Ordering()

    def start(self, user_id: str, begin: Callable[[], None]) -> None:
        """Call ``begin``; the tasks that it makes run when those made earlier for this user have ended."""
        loop = asyncio.get_running_loop()
        former = loop.get_task_factory()

        def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
            ordered = self._run(user_id, coroutine)
            task = former(loop, ordered, **options) if former else asyncio.Task(ordered, loop=loop, **options)
            # Closes what a task that was cancelled before its first step has not begun.
            task.add_done_callback(lambda _: coroutine.close())
            return task

        # The library starts handlers in many places, but all of them by asyncio.create_task, and at once.
        loop.set_task_factory(make)
        try:
            begin()
        finally:
            loop.set_task_factory(former)

    async def _run(self, user_id: str, coroutine: Coroutine[Any, Any, Any]) -> Any:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._ordering.of(user_id))
            _held.set(stack)
            return await coroutine


def is_ordered(data: Any) -> bool:
    """Whether the handlers of an interaction or a message wait for those before them.

    Completions do not: the user is still typing.
    """
    return data.get("type") != _AUTOCOMPLETE or "content" in data


async def leave_order() -> None:
    """Let the next handlers of this handler's user run from now on, beside the rest of this one.

    For a handler that waits for what only another handler of the same user brings about, as ``view.wait()``
    does. Without it, that handler waits for this one, and this one for that. Does nothing where there is no
    order.
    """
    stack = _held.get()
    if stack is not None:
        await stack.aclose()
