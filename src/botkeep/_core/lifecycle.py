"""The life of a storage: opened by its first use, closed by ``stop``, opened again by ``start``."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from botkeep.errors import EventLoopError, StorageClosedError

if TYPE_CHECKING:
    from botkeep.hooks import StorageHooks


_ALL: Final[WeakSet[Lifecycle]] = WeakSet()


class Lifecycle:
    """Whether a storage is open and for which event loop; shared by the storage and its namespaces.

    Attributes:
        loop: the event loop that is served; None while not open. A verb compares it with the running one,
            and that is all an open storage pays.
        users: the bots of this process that started with the storage and have not ended.
    """

    def __init__(self, name: str) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.users: WeakSet[object] = WeakSet()
        self._name = name
        self._stopped = False
        self._forked = False
        self._change: asyncio.Task[None] | None = None
        _ALL.add(self)

    async def start(self, engine: StorageHooks) -> None:
        """Open, also after `stop`."""
        self._stopped = False
        await self.enter(engine)

    async def enter(self, engine: StorageHooks) -> None:
        """Open for the running event loop, unless somebody did.

        Raises:
            StorageClosedError: after `stop`.
            EventLoopError: another event loop that is not closed has it, or the process that this one was
                forked from.
        """
        loop = asyncio.get_running_loop()
        while self.loop is not loop:
            self._check_loop(loop)
            if self._stopped:
                raise StorageClosedError(self._name)
            await self._run_alone(lambda: self._open(engine, loop))

    async def stop(self, engine: StorageHooks) -> None:
        """Close, once what is under way has ended."""
        self._check_loop(asyncio.get_running_loop())
        self._stopped = True
        while (change := self._under_way()) is not None or self.loop is not None:
            if change is not None:
                # An opening that fails is the business of those who asked for it.
                await asyncio.wait([change])
            else:
                await self._run_alone(lambda: self._close(engine))

    def notice_fork(self) -> None:
        """Note, in a forked process, that what was open belongs to the other one, as its threads do."""
        self._forked = self._forked or self._owner() is not None
        self.loop = self._change = None

    def _check_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._forked:
            raise EventLoopError(self._name)
        owner = self._owner()
        if owner not in (None, loop) and not owner.is_closed():
            raise EventLoopError(self._name)

    def _owner(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that has the storage, or that is only just opening it."""
        if self.loop is None and self._change is not None and not self._change.done():
            return self._change.get_loop()
        return self.loop

    def _under_way(self) -> asyncio.Task[None] | None:
        """The opening or closing that runs now; one whose event loop died with it does not count."""
        change = self._change
        if change is None or change.done() or change.get_loop() is not asyncio.get_running_loop():
            return None
        return change

    async def _run_alone(self, change: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run one opening or closing at a time; a cancelled caller leaves it running to its end."""
        running = self._under_way()
        if running is None:
            running = self._change = asyncio.get_running_loop().create_task(change())
            running.add_done_callback(_retrieve)
        await asyncio.shield(running)

    async def _open(self, engine: StorageHooks, loop: asyncio.AbstractEventLoop) -> None:
        if self.loop is not None:
            # Its event loop was closed without a stop: release what belonged to it before opening anew.
            await self._close(engine)
        await engine._open()  # noqa: SLF001 # an engine's hook
        self.loop = loop

    async def _close(self, engine: StorageHooks) -> None:
        try:
            await engine._close()  # noqa: SLF001 # an engine's hook
        finally:
            self.loop = None

    def __del__(self) -> None:
        if self.loop is not None:
            message = f"{self._name} was not stopped; call stop() or use it in `async with`"
            warnings.warn(message, ResourceWarning, stacklevel=2)


def _retrieve(change: asyncio.Task[None]) -> None:
    """Take note of a failure that nobody waits for any more: its callers were cancelled."""
    if not change.cancelled():
        change.exception()


def _notice_fork() -> None:
    for lifecycle in list(_ALL):
        lifecycle.notice_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_notice_fork)
