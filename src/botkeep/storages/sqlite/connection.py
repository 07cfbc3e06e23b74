"""One SQLite connection on aiosqlite's thread, fed in batches: one job and one transaction for many calls."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from weakref import ref

import aiosqlite

from botkeep._core.batching import Batcher, Complete, complete_future
from botkeep.errors import StorageUnavailableError
from botkeep.storages.sqlite import statements
from botkeep.storages.sqlite.errors import is_locked, translate_error
from botkeep.storages.sqlite.files import DatabaseFiles, database_files
from botkeep.storages.sqlite.origin import SELECT_CLOCK, empty_log, read_properties, renew_id, write_clock
from botkeep.storages.sqlite.reader import LoopReader, open_reader
from botkeep.storages.sqlite.schema import Durability, connect
from botkeep.storages.sqlite.write_lock import pause, write_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from queue import SimpleQueue

    from botkeep._core.clock import SteadyClock
    from botkeep.storages.sqlite.statements import Statement
    from botkeep.storages.sqlite.write_lock import WriteLock

T = TypeVar("T")

_SWEEP_SECONDS: Final = 1.0
_CLOCK_SECONDS: Final = 1.0
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
        self._lock_timeout = lock_timeout
        self._sweep_at = 0.0
        self._seen = 0.0  # the latest time that is stored with the data
        self._id_is_due = path != ":memory:"
        # aiosqlite has no public way to run a function on its thread; SQLAlchemy too uses this queue.
        self._jobs: SimpleQueue[Any] = connection._tx  # noqa: SLF001 # aiosqlite has no public way
        self._reply: _Reply | None = None
        self._folding: asyncio.TimerHandle | None = None
        self._last_batch = 0.0  # on the event loop's clock
        self._log_is_empty = True
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
        self._jobs.put_nowait(
            (_Reply(partial(complete_future, future)), lambda: function(self._connection._conn))  # noqa: SLF001 # aiosqlite has no public way
        )
        try:
            return await future
        except sqlite3.Error as exc:
            raise translate_error(exc, self._name) from exc

    def _send_batch(self, batch: Sequence[Statement[Any]], complete: Complete) -> None:
        self._reply = self._reply or _Reply(complete)
        self._jobs.put_nowait((self._reply, partial(self._execute, self._connection._conn, batch)))  # noqa: SLF001 # aiosqlite has no public way
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
            self._jobs.put_nowait((_Reply(lambda _: None), partial(self._fold, self._connection._conn)))  # noqa: SLF001 # aiosqlite has no public way

    # From here on, on the thread.

    def _execute(self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]]) -> list[Any]:
        """Run the batch, waiting for other processes; return one outcome per statement."""
        deadline = time.monotonic() + self._lock_timeout
        while True:
            try:
                return self._transact(connection, batch)
            except sqlite3.Error as exc:
                if not is_locked(exc) or time.monotonic() > deadline:
                    return [translate_error(exc, self._name) for _ in batch]
            finally:
                _roll_back(connection)
            pause()

    def _transact(self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]]) -> list[Any]:
        # Once, and before: what is removed a moment later takes along what was stored a moment earlier.
        self.files.check()
        if any(statement.changes is not None for statement in batch):
            with self._lock:
                if self._id_is_due:
                    self._id_is_due = not renew_id(connection, self._lock.path)
                return self._write(connection, batch)
        return self._read(connection, batch)

    def _fold(self, connection: sqlite3.Connection) -> None:
        """Bring what is in the log into the database; if that fails, the next time will do."""
        if self._log_is_empty:
            return
        with suppress(sqlite3.Error, StorageUnavailableError):
            self.files.check()
            with self._lock:
                self._log_is_empty = empty_log(connection)

    def _read(self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]]) -> list[Any]:
        if len(batch) == 1:
            return self._attempts(connection, batch, self._clock())
        connection.execute("BEGIN")
        outcomes = self._attempts(connection, batch, self._clock())
        connection.execute("COMMIT")
        return outcomes

    def _write(self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]]) -> list[Any]:
        self._log_is_empty = False
        connection.execute("BEGIN IMMEDIATE")
        self._adopt_time(connection)
        now = self._clock()
        outcomes = self._attempts(connection, batch, now)
        if now >= self._sweep_at:
            self._sweep_at = now if statements.sweep(connection, now) else now + _SWEEP_SECONDS
        if now >= self._seen + _CLOCK_SECONDS:
            self._seen = write_clock(connection, now)
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            return [translate_error(exc, self._name, committing=True) for _ in batch]
        return outcomes

    def _adopt_time(self, connection: sqlite3.Connection) -> None:
        """Go on from the latest time that was seen with the data, by any process."""
        (seen,) = connection.execute(SELECT_CLOCK).fetchone() or (None,)
        if seen != self._seen:
            properties = read_properties(connection)
            self._seen = math.inf if properties is None else properties.clock
            if properties is not None:
                self._clock.not_before(properties.clock)

    def _attempts(
        self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]], now: float
    ) -> list[Any]:
        return [self._attempt(connection, statement, now) for statement in batch]

    def _attempt(self, connection: sqlite3.Connection, statement: Statement[Any], now: float) -> Any:
        """Run one statement; its own failure is its outcome, unless it took the transaction with it."""
        was_open = connection.in_transaction
        try:
            return statement.run(connection, now)
        except sqlite3.Error as exc:
            if was_open != connection.in_transaction or is_locked(exc):
                raise
            return translate_error(exc, self._name)
        except Exception as exc:  # noqa: BLE001 # whatever it is, the other calls of the batch are innocent
            return exc


def _fold_if_idle(connection: ref[BatchingConnection]) -> None:
    """Do it unless the storage was forgotten meanwhile; the timer must not keep it alive."""
    if (found := connection()) is not None:
        found.fold_if_idle()


def _roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that did not come to its COMMIT."""
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
