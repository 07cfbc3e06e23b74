"""Handlers that end in a cancellation, though nobody stops the bot.

A handler may await a future that was cancelled, or be cancelled by another one. ``asyncio.CancelledError`` is
no `Exception`: it passes a framework's error handling, and may end what feeds it with updates.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from botkeep.errors import BotkeepError

T = TypeVar("T")


class HandlerCancelledError(BotkeepError):
    """A handler ended in ``asyncio.CancelledError``; its update is over, and the next one is handled."""

    def __str__(self) -> str:
        return "the handler was cancelled, or awaited something that was"


async def run_handler(handling: Coroutine[Any, Any, T]) -> T:
    """Await what handles an update.

    Raises:
        HandlerCancelledError: it was cancelled, and the running task was not.
    """
    if sys.version_info < (3, 11):
        return await _run_apart(handling)
    try:
        return await handling
    except asyncio.CancelledError as exc:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise HandlerCancelledError from exc


async def _run_apart(handling: Coroutine[Any, Any, T]) -> T:
    """Do the same where a task does not tell whether it was cancelled: in a task of its own."""
    task = asyncio.ensure_future(handling)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        raise
    if task.cancelled():
        raise HandlerCancelledError
    return task.result()
