"""Cancels a call after one step of the event loop, after two, and so on until it has ended before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

EACH: Final = 24
"""Steps tried one by one: every await before the engine has the call. Later it waits for the engine."""


async def cancelled_at_every_step(call: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Make the call again and again, each time cancelled one step later; yield after each.

    Raises:
        AssertionError: a call swallowed its cancellation.
    """
    steps, ended = 0, False
    while not ended:
        ended = await _cancelled_after(steps, call)
        yield
        steps += 1 if steps < EACH else steps // 2


async def _cancelled_after(steps: int, call: Callable[[], Awaitable[object]]) -> bool:
    """Return whether the call had ended before it was cancelled."""
    task = asyncio.ensure_future(call())
    for _ in range(steps):
        await asyncio.sleep(0)
        if task.done():
            task.result()
            return True
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled(), "the call swallowed its cancellation"
    return False
