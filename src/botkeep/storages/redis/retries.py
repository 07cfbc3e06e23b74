"""Brings each request to the server that has its key; and again, if it is certain that nothing was done."""

from __future__ import annotations

import asyncio
import math
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Final

from botkeep._core.batching import complete_future
from botkeep.errors import StorageClosedError, StorageUnavailableError
from botkeep.storages.redis.errors import RedirectedError, RetryableError, lost_outcome
from botkeep.storages.redis.pipeline import NO_REPLY, PendingCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from botkeep.storages.redis.commands import Request
    from botkeep.storages.redis.pipeline import ServerPipeline
    from botkeep.storages.redis.topology import Topology

_PAUSES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds before a request is sent again, for the first time, the second, and so on."""


class RetryingRouter:
    """Calls with a time limit, which ride out what passes by itself: a restart, a failover, a moved slot.

    One timer serves all calls, because all wait equally long.

    Args:
        topology: where the keys are.
        name: the storage's name, for errors.
        timeout: seconds that a call may take in all.
    """

    def __init__(self, topology: Topology, *, name: str, timeout: float) -> None:
        self.topology = topology
        self._name = name
        self._timeout = timeout
        self._closed = True
        self._calls: dict[PendingCall, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._idle: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Find the servers; from now on calls are taken."""
        self._closed = False
        await self.topology.open()

    async def call(
        self,
        request: Request,
        server: ServerPipeline | None = None,
        result_of: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Return a server's reply.

        Args:
            request: what is asked.
            server: whom; None: the one that has the key.
            result_of: makes a result of the reply; None: the reply is the result.

        Raises:
            StorageUnavailableError: there was no reply in time, or the server refuses for good.
            OutcomeUnknownError: a write was sent, and its reply did not come.
            CorruptDocumentError: what is there is not a string.
            StorageClosedError: before `open`, or after `close`.
        """
        if self._closed:
            raise StorageClosedError(self._name)
        call = PendingCall(request, asyncio.get_running_loop().time() + self._timeout)
        self._calls[call] = None
        if self._timer is None:
            self._set_timer()
        target = server
        try:
            while True:
                pipeline = target or self.topology.only or self.topology.node_for(request)
                if pipeline.recovery is not None:
                    await self._recovered(call, pipeline.recovery)
                    continue
                call.future = pipeline.submit(call)
                try:
                    reply = await call.future
                except RetryableError as error:
                    target = self._recover(call, pipeline, error) or server
                else:
                    return reply if result_of is None else result_of(reply)
        finally:
            call.ended = True
            self._calls.pop(call, None)
            if self._idle is not None and not self._calls:
                complete_future(self._idle, None)

    async def close(self) -> None:
        """Let calls under way end and hang up; further calls raise `StorageClosedError`."""
        self._closed = True
        if self._calls:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
            self._idle = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.topology.close()

    def _recover(
        self, call: PendingCall, pipeline: ServerPipeline, error: RetryableError
    ) -> ServerPipeline | None:
        """Start a pause, which all calls to this server share, so that they go on in the order they came.

        Returns:
            The server to ask instead, once.
        """
        if call.ended:
            raise self._timed_out(call)
        if pipeline.recovery is None:
            pause = _PAUSES[min(call.tries, len(_PAUSES)) - 1]
            recovery = self._recovery(pipeline, pause, error)
            pipeline.recovery = asyncio.get_running_loop().create_task(recovery)
        target = self.topology.redirected(error) if isinstance(error, RedirectedError) else None
        call.asking = target is not None
        return target

    async def _recovery(self, pipeline: ServerPipeline, pause: float, error: RetryableError) -> None:
        try:
            await asyncio.sleep(pause)
            await self.topology.refresh(error)
        finally:
            pipeline.recovery = None

    async def _recovered(self, call: PendingCall, recovery: asyncio.Task[None]) -> None:
        future = call.future = asyncio.get_running_loop().create_future()
        recovery.add_done_callback(lambda _: complete_future(future, None))
        await future
        if call.ended:
            raise self._timed_out(call)

    def _set_timer(self) -> None:
        loop = asyncio.get_running_loop()
        # The calls stand in the order of their deadlines.
        deadlines = [call.deadline for call in islice(self._calls, 1)]
        deadlines += [pipeline.deadline for pipeline in self.topology.pipelines()]
        deadline = min(deadlines, default=math.inf)
        self._timer = loop.call_at(deadline, self._on_timeout) if deadline < math.inf else None

    def _on_timeout(self) -> None:
        now = asyncio.get_running_loop().time()
        for call in [*takewhile(lambda call: call.deadline <= now, self._calls)]:
            del self._calls[call]
            call.ended = True
            assert call.future is not None, "it waits for nothing in between"
            complete_future(call.future, self._late_outcome(call))
        for pipeline in self.topology.pipelines():
            if pipeline.deadline <= now:
                pipeline.give_up()
        self._set_timer()

    def _late_outcome(self, call: PendingCall) -> Any:
        # The trip may hang at a later reply of the batch.
        answered = call.reply is not NO_REPLY and not isinstance(call.reply, Exception)
        return call.reply if answered else self._timed_out(call)

    def _timed_out(self, call: PendingCall) -> StorageUnavailableError:
        gave_up = f"gave up after {self._timeout:g} s"
        if call.sent and call.request.writes:
            return lost_outcome(self._name, f"no answer; {gave_up}")
        return StorageUnavailableError(self._name, f"{call.last_error}; {gave_up}")
