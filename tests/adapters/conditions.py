"""Waiting for something to become true, without sleeping for a guessed time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[object]], *, timeout: float = 20) -> None:  # simple
    """Ask again and again until the condition holds."""

    async def ask() -> None:
        while not await condition():  # noqa: ASYNC110 # what happens, happens in another process
            await asyncio.sleep(0.005)

    await asyncio.wait_for(ask(), timeout)
