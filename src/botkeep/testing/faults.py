"""A bad network for tests: a TCP proxy that drops, cuts, holds, delays, resets and refuses on demand.

.. code-block:: python

    from botkeep.testing.faults import FaultProxy

    async def reads_across_a_bad_network(storage_at, port):
        async with FaultProxy("127.0.0.1", port) as proxy:
            storage = storage_at("127.0.0.1", proxy.port)
            proxy.replies.cut(after=10)
            await storage.get_state("order")
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Direction", "FaultProxy"]

Then: TypeAlias = Literal["drop", "cut", "hold"]

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing sends RST instead of FIN (socket(7))."""


class Direction:
    """What flows one way, over all connections, and what goes wrong with it.

    Attributes:
        passed: bytes that have come through.
    """

    def __init__(self) -> None:
        self.passed: int = 0
        self._left: int | None = None
        self._then: Then = "drop"
        self._seconds = 0.0
        self._healed = asyncio.Event()

    def drop(self, after: int = 0) -> None:
        """Let so many more bytes through and swallow the rest; the connections stay open, and silent."""
        self._fail(after, "drop")

    def cut(self, after: int = 0) -> None:
        """Let so many more bytes through, then hang up; so with each later connection that sends anything."""
        self._fail(after, "cut")

    def hold(self, after: int = 0) -> None:
        """Let so many more bytes through, and keep the rest until `heal`."""
        self._fail(after, "hold")

    def delay(self, seconds: float) -> None:
        """Pass everything on so much later."""
        self._seconds = seconds

    def heal(self) -> None:
        """Let everything through again. What was swallowed stays lost."""
        self._left, self._seconds = None, 0.0
        self._healed.set()

    def _fail(self, after: int, then: Then) -> None:
        self._left, self._then = after, then
        self._healed.clear()

    async def _forward(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        """Pass on what may pass; False: hang up."""
        await asyncio.sleep(self._seconds)
        allowed = data if self._left is None else data[: self._left]
        if self._left is not None:
            self._left -= len(allowed)
        await self._write(allowed, writer)
        rest = data[len(allowed) :]
        if rest and self._then == "hold":
            await self._healed.wait()
            await self._write(rest, writer)
        return not rest or self._then != "cut"

    async def _write(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        self.passed += len(data)
        writer.write(data)
        await writer.drain()


class FaultProxy:
    """Listens on a free port of 127.0.0.1 and passes everything on to a server, as long as nothing is wrong.

    Args:
        host: of the server.
        port: of the server.

    Attributes:
        port: where it listens; the same for all its life.
        requests: what flows to the server.
        replies: what flows back.
        connections: how many have been made.
        round_trips: how often requests followed replies, or began.
    """

    def __init__(self, host: str, port: int) -> None:
        self.port: int = 0
        self.requests: Direction = Direction()
        self.replies: Direction = Direction()
        self.connections: int = 0
        self.round_trips: int = 0
        self._target = (host, port)
        self._awaits_requests = True
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open(self) -> int:
        """How many connections there are now; one with bytes on hold counts, though its client has gone."""
        return len(self._tasks)

    async def accept(self) -> None:
        """Listen, at first or again after `refuse`."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Stop listening, and hang up on everybody, as a server does that is killed."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in self._writers:
            writer.close()

    def reset(self) -> None:
        """Break all connections that there are now: both ends see ECONNRESET."""
        for writer in self._writers:
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            # Cancelled is how it ends with the proxy; the stream's own callback would complain of that.
            with suppress(OSError, asyncio.CancelledError):
                await self._connect(reader, writer)
        finally:
            writer.close()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(*self._target)
        self._writers.add(forth)
        ways = [
            asyncio.ensure_future(self._pass_on(reader, forth, self.requests)),
            asyncio.ensure_future(self._pass_on(back, writer, self.replies)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            forth.close()
            self._writers.discard(forth)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
    ) -> None:
        while data := await reader.read(65536):
            if direction is self.requests:
                self.round_trips += self._awaits_requests
            self._awaits_requests = direction is self.replies
            if not await direction._forward(data, writer):  # noqa: SLF001 # of the proxy that made it
                return
