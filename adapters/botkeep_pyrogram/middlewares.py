"""Middlewares around handlers, in both forks, where the framework has none."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from botkeep import acting_user
from botkeep_pyrogram.cancellation import run_handler
from botkeep_pyrogram.subjects import speaker_of

CallNext: TypeAlias = "Callable[[Any, Any], Awaitable[Any]]"
Middleware: TypeAlias = "Callable[[CallNext, Any, Any], Awaitable[Any]]"

_NO_UPDATES: Final = frozenset({"ConnectHandler", "DisconnectHandler", "StartHandler", "StopHandler"})
"""Handlers of the connection's life; which of them exist depends on the fork."""


def wrap(handler: Any) -> None:
    """Surround a handler's callback with the client's middlewares and the scope of `botkeep.user`.

    The middlewares are those of the client that calls, when it calls: clients may share a handler (those with
    the same plugins do), and middlewares may be added later.

    Args:
        handler: a handler object; those of the connection's life are left as they are, and those of errors
            get the scope only.
    """
    kind, callback = type(handler).__name__, handler.callback
    if kind in _NO_UPDATES or hasattr(callback, "__botkeep__"):
        return
    handler.callback = _with_user(callback) if kind == "ErrorHandler" else _with_middlewares(callback)
    handler.callback.__dict__["__botkeep__"] = True


def _with_middlewares(callback: Any) -> Any:
    name = f"{callback.__module__}.{callback.__qualname__}" if hasattr(callback, "__qualname__") else "?"

    # A real `async def`: an object with an async __call__ would run in a thread and never be awaited.
    @functools.wraps(callback)
    async def around(client: Any, update: Any, *more: Any) -> Any:
        async def call(client: Any, update: Any) -> Any:
            return await run_callback(callback, client, update, *more)

        following: CallNext = call
        for middleware in reversed(client.middlewares):
            following = functools.partial(middleware, following)
        with acting_user(speaker_of(update)):
            return await run_handler(name, _awaited(following(client, update)))

    return around


def _with_user(callback: Any) -> Any:
    @functools.wraps(callback)
    async def around(client: Any, error: Any, handler: Any, update: Any, *more: Any) -> Any:
        with acting_user(speaker_of(update)):
            return await run_callback(callback, client, error, handler, update, *more)

    return around


async def _awaited(handling: Awaitable[Any]) -> Any:
    return await handling


async def run_callback(callback: Callable[..., Any], client: Any, *arguments: Any) -> Any:
    """Call what handles an update: a coroutine function here, a plain one on a thread."""
    if inspect.iscoroutinefunction(callback):
        return await callback(client, *arguments)
    # As the dispatcher does it for plain functions; the context carries the acting user along.
    context = contextvars.copy_context()
    call = functools.partial(context.run, callback, client, *arguments)
    return await asyncio.get_running_loop().run_in_executor(client.executor, call)
