"""Blocking work, kept off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def on_a_thread(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """Run a function on a thread and wait for its end, also when the waiting task is cancelled.

    For tasks of our own, which whoever cancels all tasks hits too: the thread cannot be called back, and what
    it answers is what has happened. The cancellation is forgotten.
    """
    loop = asyncio.get_running_loop()
    work = loop.run_in_executor(None, partial(function, *arguments, **named))
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            continue
    return work.result()
