"""Calls that share trips to Redis, and nothing else: what asyncio and the server leave to any storage.

No error is told from a reply, no time is bounded, nothing is retried, nothing expires, and no connection is
made anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson


class SharedTrips:
    """All calls that wait go as one write; each has a future, which its reply resolves."""

    NAME: Final = "shared trips alone"

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: list[tuple[bytes, asyncio.Future[Any]]] = []
        self._trips: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, port: int) -> AsyncIterator[SharedTrips]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield cls(reader, writer)
        writer.close()
        await writer.wait_closed()

    async def set_state(self, identifier: str, document: Any) -> None:
        key, value = identifier.encode(), orjson.dumps(document)
        await self._submit(
            b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(key), key, len(value), value)
        )

    async def get_state(self, identifier: str) -> Any:
        key = identifier.encode()
        found = await self._submit(b"*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (len(key), key))
        return None if found is None else orjson.loads(found)

    def _submit(self, command: bytes) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.append((command, future))
        if self._trips is None:
            self._trips = loop.create_task(self._travel())
        return future

    async def _travel(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            self._writer.write(b"".join(command for command, _ in batch))
            for _, future in batch:
                future.set_result(await self._reply())
        self._trips = None

    async def _reply(self) -> bytes | None:
        line = await self._reader.readline()
        if not line.startswith(b"$"):
            return line
        size = int(line[1:])
        return None if size < 0 else (await self._reader.readexactly(size + 2))[:-2]
