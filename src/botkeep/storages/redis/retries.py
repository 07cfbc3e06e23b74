"""Brings each command to the server that has its key; and again, if it is certain that nothing was done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from botkeep.storages.redis.errors import Redirected, Refused

if TYPE_CHECKING:
    from botkeep.storages.redis.commands import Command
    from botkeep.storages.redis.pipeline import Lane
    from botkeep.storages.redis.topology import Servers

_PAUSES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds before a command is tried again, for the first time, the second, and so on."""


class Router:
    """Calls with a time limit, which ride out what passes by itself: a restart, a failover, a moved slot.

    Args:
        servers: where the keys are.
        seconds: how long a call may take in all.
    """

    def __init__(self, servers: Servers, *, seconds: float) -> None:
        self.servers = servers
        self._seconds = seconds
        self._under_way = 0
        self._idle: asyncio.Future[None] | None = None

    async def call(self, command: Command) -> Any:
        """Return the server's reply.

        Raises:
            StorageUnavailableError: there was none in time, or the server refuses for good.
            OutcomeUnknownError: a write was sent, and its reply was lost.
            CorruptDocumentError: what is there is not a string.
        """
        command.deadline = asyncio.get_running_loop().time() + self._seconds
        self._under_way += 1
        try:
            while True:
                lane = self.servers.lane_of(command)
                if lane.recovery is not None:
                    await self._recovered(lane, command)
                try:
                    return await lane.submit(command)
                except Refused as refusal:
                    self._recover(lane, command, refusal)
        finally:
            self._under_way -= 1
            if self._idle is not None and not self._under_way:
                self._idle.set_result(None)

    async def close(self) -> None:
        """Let calls under way end and hang up."""
        if self._under_way:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
        await self.servers.close()

    def _recover(self, lane: Lane, command: Command, refusal: Refused) -> None:
        """Start a pause, which all calls to this server share, so that they go on in the order they came."""
        command.ask = None
        if isinstance(refusal, Redirected):
            self.servers.redirect(command, refusal)
        if lane.recovery is None:
            pause = _PAUSES[min(command.tries, len(_PAUSES)) - 1]
            recovery = self._recovery(lane, pause, refusal)
            lane.recovery = asyncio.get_running_loop().create_task(recovery)

    async def _recovery(self, lane: Lane, pause: float, refusal: Refused) -> None:
        try:
            await asyncio.sleep(pause)
            await self.servers.learn(refusal)
        finally:
            lane.recovery = None

    async def _recovered(self, lane: Lane, command: Command) -> None:
        loop = asyncio.get_running_loop()
        while lane.recovery is not None and loop.time() < command.deadline:
            await asyncio.wait([lane.recovery], timeout=command.deadline - loop.time())
        if loop.time() >= command.deadline:
            raise lane.late(command)
