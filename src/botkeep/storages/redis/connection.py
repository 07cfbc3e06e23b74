"""One connection to one Redis server, of our own, on which a batch of commands is one trip.

redis-py makes it and shakes hands on it, so that every setting of the client holds: TLS, user, database, RESP
version, Sentinel. What its client does on top is left out: pooling, and above all retries, which send again
what may have been carried out already.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelManagedConnection
from redis.backoff import NoBackoff

from botkeep.storages.redis.commands import UNANSWERED, pack
from botkeep.storages.redis.errors import Lost, Unsent, is_reply, needs_new_connection
from botkeep.storages.redis.time_limit import TimeLimit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.commands import Command
    from botkeep.ttl import Clock

_CHUNK: Final = 256 * 1024
"""Bytes handed to the transport at once; then it may have to wait for the server."""


class Connection:
    """Connects when needed, and anew after any trouble.

    Args:
        make: returns redis-py's connection, not yet connected.
        clock: the storage's clock.
        seconds: how long a trip may take, connecting included.

    Attributes:
        generation: grows with each new connection: what it leads to may be another server.
    """

    def __init__(self, make: Callable[[], AbstractConnection], *, clock: Clock, seconds: float) -> None:
        self.generation = 0
        self._make = make
        self._clock = clock
        self._limit = TimeLimit(seconds)
        self._connection: AbstractConnection | None = None

    async def exchange(self, commands: Sequence[Command]) -> None:
        """Send a batch and note each reply in its command, as soon as it comes.

        It is bytes, whatever the client's ``decode_responses``; or the server's error for this command,
        `Unsent` or `Lost`.
        """
        try:
            with self._limit:
                connection = await self._connected()
                await self._send(connection, commands)
                await self._receive(connection, commands)
        except Exception as exc:  # noqa: BLE001 # whatever the driver stumbled over, replies no longer match
            await self._hang_up()
            for command in commands:
                if command.reply is UNANSWERED:
                    command.reply = Lost() if command.sent else Unsent()
                    command.reply.__cause__ = exc
        except BaseException:
            await self._hang_up()
            raise

    async def close(self) -> None:
        """Hang up, without waiting for what is under way."""
        self._limit.cancel()
        await self._hang_up()

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def _connected(self) -> AbstractConnection:
        connection = self._connection
        if connection is not None and not _has_ended(connection):
            return connection
        await self._hang_up()
        connection = self._make()
        connection.retry = Retry(NoBackoff(), 0)
        # `exchange` has one time limit for the whole trip: cheaper than one for each reply, and tighter.
        connection.socket_timeout = None
        self._connection = connection
        self.generation += 1
        await connection.connect()  # type: ignore[no-untyped-call] # redis-py has types, but not for this
        return connection

    async def _send(self, connection: AbstractConnection, commands: Sequence[Command]) -> None:
        chunk: list[bytes] = []
        size = 0
        for command in commands:
            command.sent = True
        for request in pack(commands, self._clock()):
            chunk.append(request)
            size += len(request)
            if size >= _CHUNK:
                await connection.send_packed_command(chunk, check_health=False)
                chunk, size = [], 0
        if chunk:
            await connection.send_packed_command(b"".join(chunk), check_health=False)

    async def _receive(self, connection: AbstractConnection, commands: Sequence[Command]) -> None:
        read = _reader(connection)
        for command in commands:
            if command.ask is not None:
                await _reply(read)
            command.reply = await _reply(read)
        if any(needs_new_connection(command.reply) for command in commands):
            # Connecting asks Sentinel who is master now, and the client for its credentials.
            await self._hang_up()


def _reader(connection: AbstractConnection) -> Callable[..., Awaitable[Any]]:
    if isinstance(connection, SentinelManagedConnection):
        # Its own one hangs up at the first READONLY, and with it go the answers to the rest of the batch.
        return super(SentinelManagedConnection, connection).read_response
    return connection.read_response


async def _reply(read: Callable[..., Awaitable[Any]]) -> Any:
    try:
        return await read(disable_decoding=True, disconnect_on_error=False)
    except Exception as exc:
        if not is_reply(exc):
            raise
        return exc


def _has_ended(connection: AbstractConnection) -> bool:
    """Whether the server has hung up while nobody listened: then nothing need be sent to find out."""
    # redis-py has no public way to ask this that neither waits nor was renamed between 6 and 8.
    reader = getattr(connection, "_reader", None)
    if isinstance(reader, asyncio.StreamReader):
        return reader.at_eof() or reader.exception() is not None
    return not connection.is_connected
