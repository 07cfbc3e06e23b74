"""Handlers and workers that outlive a cancellation that is not meant for them.

A worker of pyrogram ends for good when something that it awaits ends in ``CancelledError``: a future that was
cancelled, say, or the task of a handler, cancelled by another one. So handlers run in tasks of their own.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from botkeep_pyrogram.errors import HandlerCancelledError

_log = logging.getLogger("botkeep.pyrogram")


async def run_handler(name: str, handling: Coroutine[Any, Any, Any]) -> Any:
    """Run a handler to its end.

    Raises:
        HandlerCancelledError: it was cancelled, and the running task was not.
    """
    task = await _ended(handling)
    if task.cancelled():
        raise HandlerCancelledError(name)
    return task.result()


def resilient(work: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    """Return a worker that goes on when a filter, or the parsing of an update, is cancelled."""

    @functools.wraps(work)
    async def resilient_work(*arguments: Any) -> None:
        while (task := await _ended(work(*arguments))).cancelled():
            _log.error("An update was dropped: a filter, or what parses it, was cancelled")
        task.result()

    return resilient_work


async def _ended(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Run a coroutine in a task of its own, which ends with the running one if that is cancelled."""
    task = asyncio.create_task(coroutine)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        raise
    return task
