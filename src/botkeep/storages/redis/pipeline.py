"""The way to one server: calls queue up, and a batch of them is one trip on a connection of our own.

redis-py makes the connection and shakes hands on it, so that every setting of the client holds: TLS, user,
database, RESP version, Sentinel. What its client does on top is left out: pooling, and above all retries,
which send again what may have been carried out already.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelManagedConnection
from redis.backoff import NoBackoff

from botkeep._core.batching import Batcher, Complete
from botkeep.storages.redis.commands import milliseconds_left
from botkeep.storages.redis.errors import (
    RetryableError,
    is_reply,
    needs_new_connection,
    translate_error,
)
from botkeep.storages.redis.native_commands import NativeReply, native_commands_of
from botkeep.storages.redis.replies import Awaiting, read_plain_replies

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.commands import Request
    from botkeep.storages.redis.native_commands import NativeCommand
    from botkeep.storages.redis.scripts import Script
    from botkeep.ttl import Clock

NO_REPLY: Final = object()
"""Stands for the reply that has not come."""

_BATCH: Final = 256
"""Calls in one trip at most: enough for its costs to vanish, few enough for the server to stay quick."""

_ASKING: Final = b"*1\r\n$6\r\nASKING\r\n"

_CHUNK: Final = 256 * 1024
"""Bytes handed to the transport at once; then it may have to wait for the server."""


class PendingCall:
    """A request on its way.

    Attributes:
        request: what is asked.
        deadline: until when its caller waits, in the event loop's time.
        future: brings the outcome of what the call waits for now: a trip, or the pause before the next one.
        ended: its caller was told an outcome, or is gone: it must not be sent any more.
        tries: how often it has come back undone.
        asking: goes to a server that is only just taking over the key.
        sent: its bytes were handed to a connection, and no answer said that nothing was done.
        reply: bytes, an int, a list, None or the server's error; `NO_REPLY` until it has come.
        last_error: why it has not been answered yet.
    """

    __slots__ = ("asking", "deadline", "ended", "future", "last_error", "reply", "request", "sent", "tries")

    def __init__(self, request: Request, deadline: float) -> None:
        self.request: Request = request
        self.deadline: float = deadline
        self.future: asyncio.Future[Any] | None = None
        self.ended: bool = False
        self.tries: int = 0
        self.asking: bool = False
        self.sent: bool = False
        self.reply: Any = NO_REPLY
        self.last_error: str = "no answer"


class _Unheeded:
    """Takes a reply that says nothing."""

    reply: Any = NO_REPLY


class ServerPipeline:
    """Queues the calls to one server and makes the trips; connects when needed, and anew after any failure.

    Args:
        connect: returns redis-py's connection, not yet connected.
        name: the storage's name, for errors.
        clock: the storage's clock.

    Attributes:
        submit: queues a call; the future that it returns brings the reply, an error of ours, or
            `RetryableError`.
        recovery: the pause after a failure that calls wait for; None: there is none.
        generation: grows with each new connection: what it leads to may be another server.
    """

    def __init__(self, connect: Callable[[], AbstractConnection], *, name: str, clock: Clock) -> None:
        self._batcher: Batcher[PendingCall] = Batcher(self._send_batch, name=name, limit=_BATCH)
        self.submit: Callable[[PendingCall], asyncio.Future[Any]] = self._batcher.submit
        self.recovery: asyncio.Task[None] | None = None
        self.generation: int = 0
        self._new_connection = connect
        self._name = name
        self._clock = clock
        self._connection: AbstractConnection | None = None
        self._natives: dict[Script, NativeCommand] = {}
        self._batch: Sequence[PendingCall] = ()
        self._trip: asyncio.Task[None] | None = None

    @property
    def deadline(self) -> float:
        """When the time of all calls of the trip under way is over; inf: there is none."""
        return max(call.deadline for call in self._batch) if self._trip is not None else math.inf

    def give_up(self) -> None:
        """End the trip under way: nobody waits for its replies any more, and others wait behind it."""
        if self._trip is not None:
            self._trip.cancel()
            self._trip = None

    async def close(self) -> None:
        """Let calls under way end and hang up."""
        await self._batcher.drain()
        await self._hang_up()

    def _send_batch(self, batch: Sequence[PendingCall], complete: Complete) -> None:
        self._batch = batch
        self._trip = asyncio.get_running_loop().create_task(self._exchange(batch))
        self._trip.add_done_callback(partial(self._arrived, complete))

    def _arrived(self, complete: Complete, trip: asyncio.Task[None]) -> None:
        batch, self._batch, self._trip = self._batch, (), None
        failure = asyncio.TimeoutError("the trip was given up") if trip.cancelled() else trip.exception()
        outcomes = []
        for call in batch:
            reply = call.reply
            if reply is NO_REPLY or isinstance(reply, Exception):
                reply = self._translated(call, failure)
            outcomes.append(reply)
        complete(outcomes)

    def _translated(self, call: PendingCall, failure: BaseException | None) -> Exception:
        lost = call.reply is NO_REPLY
        cause = failure if lost else call.reply
        if not isinstance(cause, Exception):
            cause = asyncio.TimeoutError("its time was over")
        error = translate_error(
            cause, call.request, storage=self._name, lost=lost and call.sent, tries=call.tries
        )
        if isinstance(error, RetryableError):
            call.tries += 1
            call.sent, call.reply, call.last_error = False, NO_REPLY, error.reason
        return error

    async def _exchange(self, calls: Sequence[PendingCall]) -> None:
        """Send a batch and note each reply in its call, as soon as it comes."""
        try:
            connection = self._connection
            if connection is None or _has_ended(connection):
                connection = await self._connect()
            await self._receive(connection, await self._send(connection, calls))
        except BaseException:
            # Whatever it was, further replies would not match.
            await self._hang_up()
            raise

    async def _connect(self) -> AbstractConnection:
        await self._hang_up()
        connection = self._new_connection()
        connection.retry = Retry(NoBackoff(), 0)
        # One limit for the whole trip (`give_up`) is cheaper than one for each reply, and tighter.
        connection.socket_timeout = None
        self._connection = connection
        self.generation += 1
        await connection.connect()  # type: ignore[no-untyped-call] # redis-py has types, but not for this
        self._natives = await native_commands_of(connection)
        return connection

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def _send(self, connection: AbstractConnection, calls: Sequence[PendingCall]) -> Sequence[Awaiting]:
        """Hand a batch to the connection; return whose replies will come, in their order."""
        awaited: list[Awaiting] = []
        chunk: list[bytes] = []
        size = 0
        known: set[Script] = set()
        for call in calls:
            if size >= _CHUNK:
                await connection.send_packed_command(chunk, check_health=False)
                chunk, size = [], 0
            # While the connection was made, or waited, its caller may have been told that nothing was sent.
            if not call.ended:
                if call.asking:
                    awaited.append(_Unheeded())
                request, waiting = self._packed(call, known)
                chunk.append(request)
                size += len(request)
                call.sent = True
                awaited.append(waiting)
        if chunk:
            await connection.send_packed_command(b"".join(chunk), check_health=False)
        return awaited

    def _packed(self, call: PendingCall, known: set[Script]) -> tuple[bytes, Awaiting]:
        """Return a call as the protocol has it, and what takes the reply.

        See redis.io/docs/latest/develop/reference/protocol-spec.

        The first use of a script in a batch carries its text, so that neither a restart nor SCRIPT FLUSH
        comes between the calls of one caller: a script unknown in their middle would let later calls
        overtake it.

        Args:
            call: what is to be sent.
            known: the scripts that the batch has carried so far.
        """
        words: Sequence[bytes]
        words, _, _, _, script, expires_at = call.request
        waiting: Awaiting = call
        if expires_at is not None:
            for_ever = expires_at == math.inf
            words = (*words, b"" if for_ever else milliseconds_left(expires_at - self._clock()))
        if script is not None:
            native = self._natives.get(script)
            if native is None:
                load = (b"EVALSHA", script.digest) if script in known else (b"EVAL", script.text)
                words = (*load, *words)
                known.add(script)
            else:
                waiting = NativeReply(call, script, words, self._natives)
                words = native.words_of(words)
        parts = [_ASKING] if call.asking else []
        parts.append(b"*%d\r\n" % len(words))
        for word in words:
            parts.append(b"$%d\r\n%b\r\n" % (len(word), word))  # noqa: PERF401 # as quick, and one call less
        return b"".join(parts), waiting

    async def _receive(self, connection: AbstractConnection, awaited: Sequence[Awaiting]) -> None:
        """Note each reply in its call, as soon as it comes.

        It is bytes, whatever the client's ``decode_responses``.
        """
        stream = _stream_of(connection)
        done = 0 if stream is None else await read_plain_replies(stream, awaited)
        read = connection.read_response
        if isinstance(connection, SentinelManagedConnection):
            # Its own one hangs up at the first READONLY, and with it go the answers to the rest of the batch.
            read = super(SentinelManagedConnection, connection).read_response
        stale = False
        for call in awaited[done:]:
            try:
                call.reply = await read(disable_decoding=True, disconnect_on_error=False)
            except Exception as exc:
                if not is_reply(exc):
                    raise
                call.reply = exc
                stale = stale or needs_new_connection(exc)
        if stale:
            # Connecting asks Sentinel who is master now, and the client for its credentials.
            await self._hang_up()


def _has_ended(connection: AbstractConnection) -> bool:
    """Whether the server has hung up while nobody listened: then nothing need be sent to find out."""
    stream = _stream_of(connection)
    if stream is not None:
        return stream.at_eof() or stream.exception() is not None
    return not connection.is_connected


def _stream_of(connection: AbstractConnection) -> asyncio.StreamReader | None:
    """Return what a connection reads from; None where it is another kind of connection."""
    # redis-py has no public way to ask this that neither waits nor was renamed between 6 and 8.
    stream = getattr(connection, "_reader", None)
    return stream if isinstance(stream, asyncio.StreamReader) else None
