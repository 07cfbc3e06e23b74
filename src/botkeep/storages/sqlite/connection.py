"""One SQLite connection on aiosqlite's thread, fed in batches: one job and one transaction for many calls."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from weakref import ref

import aiosqlite

from botkeep._core.batching import Batcher, Complete, complete_future
from botkeep.storages.sqlite.errors import translate_error
from botkeep.storages.sqlite.files import DatabaseFiles, database_files
from botkeep.storages.sqlite.origin import read_properties
from botkeep.storages.sqlite.reader import LoopReader, open_reader
from botkeep.storages.sqlite.schema import Durability, connect
from botkeep.storages.sqlite.transactions import Transactions
from botkeep.storages.sqlite.write_lock import write_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from queue import SimpleQueue

    from botkeep._core.clock import SteadyClock
    from botkeep.storages.sqlite.statements import Statement
    from botkeep.storages.sqlite.write_lock import WriteLock

T = TypeVar("T")

_JOIN_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 1.0
"""So long after the last write what is in the log goes into the database: a process that is ended by a signal
then leaves one whole file."""


class Submit(Protocol):
    """Queues a statement; the future brings its result."""

    def __call__(self, statement: Statement[T], /) -> asyncio.Future[T]: ...


class _Reply:
    """What aiosqlite's thread takes for the future of a job, and for its event loop.

    Args:
        complete: called on the running event loop with the job's result or exception.

    An event loop that was closed with jobs unfinished hears no answer. The thread must outlive that: it has
    jobs to finish and the file to close.
    """

    def __init__(self, complete: Callable[[Any], None]) -> None:
        self._complete = complete
        self._loop = asyncio.get_running_loop()

    def get_loop(self) -> _Reply:
        return self

    def call_soon_threadsafe(self, _: object, __: _Reply, outcome: Any) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._complete, outcome)


class _Opening:
    """Opens a connection on aiosqlite's thread, and one to read; who gives up meanwhile leaves none behind.

    Args:
        connect: opens the one.
        connect_to_read: opens the other, if it can.
        clock: goes on from the latest time that was seen with the data.

    Attributes:
        reader: the other one.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        connect_to_read: Callable[[], sqlite3.Connection | None],
        clock: SteadyClock,
    ) -> None:
        self._connect = connect
        self._connect_to_read = connect_to_read
        self._clock = clock
        self._change = threading.Lock()
        self._abandoned = False
        self._connection: sqlite3.Connection | None = None
        self.reader: sqlite3.Connection | None = None

    def __call__(self) -> sqlite3.Connection:
        connection = self._connect()
        if (properties := read_properties(connection)) is not None:
            self._clock.not_before(properties.clock)
        reader = self._connect_to_read()
        with self._change:
            self._connection, self.reader = connection, reader
            if self._abandoned:
                self._close()
        return connection

    def abandon(self) -> None:
        """Close the connections, now or as soon as they are open."""
        with self._change:
            self._abandoned = True
            self._close()

    def _close(self) -> None:
        # The one that may write comes last: it empties the log and removes it.
        for connection in (self.reader, self._connection):
            if connection is not None:
                connection.close()


class BatchingConnection:
    """A connection to one file for one event loop; made by `opened`.

    Args:
        connection: aiosqlite's, open.
        lock: taken for every transaction that writes.
        path: resolved, or ":memory:".
        name: the storage's name, for errors.
        clock: the storage's clock.
        lock_timeout: seconds to wait for a lock that another process holds.

    Attributes:
        files: the database's.
        reader: answers reads on the event loop's thread, if it can.
    """

    def __init__(
        self,
        connection: aiosqlite.Connection,
        lock: WriteLock,
        *,
        path: str,
        name: str,
        clock: SteadyClock,
        lock_timeout: float,
    ) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self.files: DatabaseFiles = database_files(path, name)
        self._name = name
        self._clock = clock
        self._transactions = Transactions(
            lock, self.files, clock, path=path, name=name, lock_timeout=lock_timeout
        )
        # aiosqlite has no public way to run a function on its thread; SQLAlchemy too uses this queue.
        self._jobs: SimpleQueue[Any] = connection._tx  # noqa: SLF001 # aiosqlite has no public way
        self._reply: _Reply | None = None
        self._folding: asyncio.TimerHandle | None = None
        self._last_batch = 0.0  # on the event loop's clock
        self._batcher: Batcher[Statement[Any]] = Batcher(self._send_batch, name=name)
        self.submit: Submit = self._batcher.submit
        self.attach_reader(None)

    @classmethod
    async def opened(
        cls, path: str, durability: Durability, *, name: str, clock: SteadyClock, lock_timeout: float
    ) -> BatchingConnection:
        """Open the file; its errors are ours already."""
        lock = write_lock(path)
        opening = _Opening(
            partial(connect, path, durability, lock, lock_timeout), partial(open_reader, path), clock
        )
        connection = aiosqlite.Connection(opening, iter_chunk_size=64)
        # A forgotten stop() must not keep the interpreter from exiting, as a plain thread would. What was
        # acknowledged is committed; what was not dies with the process, as in a crash.
        # (Up to 0.21 the connection is the thread.)
        thread: Any = getattr(connection, "_thread", connection)
        thread.daemon = True
        try:
            await connection
        except BaseException as exc:
            opening.abandon()
            # The thread has a last word for the event loop, which a caller that gives up may close at once.
            thread.join(_JOIN_SECONDS)
            lock.close()
            if isinstance(exc, sqlite3.Error):
                raise translate_error(exc, name) from exc
            raise
        opened = cls(connection, lock, path=path, name=name, clock=clock, lock_timeout=lock_timeout)
        opened.attach_reader(opening.reader)
        return opened

    def attach_reader(self, connection: sqlite3.Connection | None) -> None:
        """Have reads answered from this connection; None: by the thread."""
        self.reader: LoopReader = LoopReader(connection, self._batcher, self.files, self._clock)

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        if self._folding is not None:
            self._folding.cancel()
        await self._batcher.drain()
        self.reader.close()
        try:
            await self._connection.close()
        finally:
            self._lock.close()

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function on the connection's thread, between batches."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._enqueue(_Reply(partial(complete_future, future)), function)
        try:
            return await future
        except sqlite3.Error as exc:
            raise translate_error(exc, self._name) from exc

    def _send_batch(self, batch: Sequence[Statement[Any]], complete: Complete) -> None:
        self._reply = self._reply or _Reply(complete)
        self._enqueue(self._reply, self._transactions.execute, batch)
        loop = asyncio.get_running_loop()
        self._last_batch = loop.time()
        if self._folding is None:
            self._folding = loop.call_later(_IDLE_SECONDS, _fold_if_idle, ref(self))

    def fold_if_idle(self) -> None:
        """Empty the log if nothing was asked for a while; else look again later."""
        loop = asyncio.get_running_loop()
        rest = self._last_batch + _IDLE_SECONDS - loop.time()
        if rest > 0:
            self._folding = loop.call_later(rest, _fold_if_idle, ref(self))
        else:
            self._folding = None
            self._enqueue(_Reply(lambda _: None), self._transactions.fold)

    def _enqueue(self, reply: _Reply, job: Callable[..., Any], *arguments: Any) -> None:
        self._jobs.put_nowait((reply, partial(job, self._connection._conn, *arguments)))  # noqa: SLF001 # aiosqlite has no public way


def _fold_if_idle(connection: ref[BatchingConnection]) -> None:
    """Do it unless the storage was forgotten meanwhile; the timer must not keep it alive."""
    if (found := connection()) is not None:
        found.fold_if_idle()
