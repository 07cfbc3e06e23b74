"""The scope of one interaction: on whose behalf it runs, and until when Discord waits for the first response.

Discord gives up on an interaction that has had no response for three seconds
(https://discord.com/developers/docs/interactions/receiving-and-responding). The library runs each one in
tasks of its own, and a task sees the context variables as they were when it was made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from botkeep_discord.interactions.reply import reply_ephemeral

if TYPE_CHECKING:
    import discord

DISCORD_WAITS: Final = 3.0
"""Seconds that Discord waits for the first response to an interaction."""


_current: ContextVar[InteractionScope | None] = ContextVar("botkeep_discord.scope", default=None)


class InteractionScope:
    """One interaction, from its arrival on.

    Args:
        timeout: seconds that storage calls may take before the first response, all together.
        error_message: what the user is told when they took longer, or failed.

    Attributes:
        interaction: known once the library has read it, which is before any handler runs.
        error_message: as given.
    """

    def __init__(self, timeout: float, error_message: str) -> None:
        self.interaction: discord.Interaction[Any] | None = None
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._timeout = timeout
        self.error_message = error_message
        self._replying: asyncio.Task[None] | None = None

    def seconds_left(self) -> float | None:
        """Return how long a storage call may take from now on; None: as long as it likes."""
        if self.interaction is None or self.interaction.response.is_done():
            return None
        elapsed = self._loop.time() - self._began
        return None if elapsed > DISCORD_WAITS else max(self._timeout - elapsed, 0.0)

    def storage_failed(self) -> None:
        """Reply to the user while Discord still waits for it, unless the handler does before."""
        if self._replying is None and self.seconds_left() is not None:
            self._replying = self._loop.create_task(self._reply())

    async def _reply(self) -> None:
        # Half of what is left belongs to the handler: it may know better what to say, or need no storage.
        moment = self._began + (self._timeout + DISCORD_WAITS) / 2
        await asyncio.sleep(moment - self._loop.time())
        assert self.interaction is not None
        await reply_ephemeral(self.interaction, self.error_message)


def current_scope() -> InteractionScope | None:
    """Return the scope of the interaction that this task serves; None: it serves none."""
    return _current.get()


def within(scope: InteractionScope, begin: Callable[[], None]) -> None:
    """Call ``begin``: the tasks that it makes are in the scope."""
    token = _current.set(scope)
    try:
        begin()
    finally:
        _current.reset(token)
