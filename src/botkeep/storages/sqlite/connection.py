"""One SQLite connection on aiosqlite's thread, fed in batches: one job and one transaction for many calls."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import aiosqlite

from botkeep._core.batching import Coalescer, Land, settle
from botkeep.storages.sqlite import statements
from botkeep.storages.sqlite.errors import is_locked, translated
from botkeep.storages.sqlite.schema import Durability, connect
from botkeep.storages.sqlite.write_lock import pause, write_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from botkeep.storages.sqlite.statements import Statement
    from botkeep.storages.sqlite.write_lock import WriteTurn
    from botkeep.ttl import Clock

T = TypeVar("T")

_SWEEP_SECONDS: Final = 1.0


class _Reply:
    """What aiosqlite's thread takes for the future of a job, and for its event loop.

    Args:
        land: called on the running event loop with the job's result or exception.

    An event loop that was closed with jobs under way hears no answer. The thread must outlive that: it has
    jobs to finish and the file to close.
    """

    def __init__(self, land: Callable[[Any], None]) -> None:
        self._land = land
        self._loop = asyncio.get_running_loop()

    def get_loop(self) -> _Reply:
        return self

    def call_soon_threadsafe(self, _: object, __: _Reply, outcome: Any) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._land, outcome)


class BatchingConnection:
    """A connection to one file for one event loop; made by `opened`.

    Args:
        connection: aiosqlite's, open.
        turn: taken for every transaction that writes.
        name: the storage's name, for errors.
        clock: the storage's clock.
        patience: seconds to wait for a lock that another process holds.
    """

    def __init__(
        self,
        connection: aiosqlite.Connection,
        turn: WriteTurn,
        *,
        name: str,
        clock: Clock,
        patience: float,
    ) -> None:
        self._connection = connection
        self._turn = turn
        self._name = name
        self._clock = clock
        self._patience = patience
        self._sweep_at = 0.0
        self._coalescer: Coalescer[Statement] = Coalescer(self._depart, name=name)
        self.submit: Callable[[Statement], asyncio.Future[Any]] = self._coalescer.submit

    @classmethod
    async def opened(
        cls, path: str, durability: Durability, *, name: str, clock: Clock, patience: float
    ) -> BatchingConnection:
        """Open the file; its errors are ours already."""
        connection = aiosqlite.Connection(partial(connect, path, durability, patience), iter_chunk_size=64)
        # A forgotten stop() must not keep the interpreter from exiting, as a plain thread would. What was
        # acknowledged is committed; what was not dies with the process, as in a crash.
        # (Up to 0.21 the connection is the thread.)
        thread: Any = getattr(connection, "_thread", connection)
        thread.daemon = True
        try:
            await connection
        except Exception as exc:
            # The thread has a last word for the event loop, which a caller that gives up may close at once.
            thread.join()
            if isinstance(exc, sqlite3.Error):
                raise translated(exc, name) from exc
            raise
        return cls(connection, write_turn(path), name=name, clock=clock, patience=patience)

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        await self._coalescer.drain()
        try:
            await self._connection.close()
        finally:
            self._turn.close()

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function on the connection's thread, between batches."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._on_thread(lambda: function(self._connection._conn), partial(settle, future))
        try:
            return await future
        except sqlite3.Error as exc:
            raise translated(exc, self._name) from exc

    def _on_thread(self, job: Callable[[], Any], land: Callable[[Any], None]) -> None:
        # aiosqlite has no public way to run a function on its thread; SQLAlchemy too uses this queue.
        reply: Any = _Reply(land)
        self._connection._tx.put_nowait((reply, job))

    def _depart(self, batch: Sequence[Statement], land: Land) -> None:
        self._on_thread(partial(self._execute, self._connection._conn, batch), land)

    # From here on, on the thread.

    def _execute(self, connection: sqlite3.Connection, batch: Sequence[Statement]) -> list[Any]:
        """Run the batch, waiting for other processes; return one outcome per statement."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._transact(connection, batch)
            except sqlite3.Error as exc:
                if not is_locked(exc) or time.monotonic() > deadline:
                    return [translated(exc, self._name) for _ in batch]
            finally:
                _roll_back(connection)
            pause()

    def _transact(self, connection: sqlite3.Connection, batch: Sequence[Statement]) -> list[Any]:
        if any(statement.writes for statement in batch):
            with self._turn:
                return self._write(connection, batch)
        return self._read(connection, batch)

    def _read(self, connection: sqlite3.Connection, batch: Sequence[Statement]) -> list[Any]:
        if len(batch) == 1:
            return self._attempts(connection, batch, self._clock())
        connection.execute("BEGIN")
        outcomes = self._attempts(connection, batch, self._clock())
        connection.execute("COMMIT")
        return outcomes

    def _write(self, connection: sqlite3.Connection, batch: Sequence[Statement]) -> list[Any]:
        connection.execute("BEGIN IMMEDIATE")
        now = self._clock()
        outcomes = self._attempts(connection, batch, now)
        if now >= self._sweep_at:
            self._sweep_at = now if statements.sweep(connection, now) else now + _SWEEP_SECONDS
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            return [translated(exc, self._name, committing=True) for _ in batch]
        return outcomes

    def _attempts(self, connection: sqlite3.Connection, batch: Sequence[Statement], now: float) -> list[Any]:
        return [self._attempt(connection, statement, now) for statement in batch]

    def _attempt(self, connection: sqlite3.Connection, statement: Statement, now: float) -> Any:
        """Run one statement; its own failure is its outcome, unless it took the transaction with it."""
        was_open = connection.in_transaction
        try:
            return statement.run(connection, now)
        except sqlite3.Error as exc:
            if was_open != connection.in_transaction or is_locked(exc):
                raise
            return translated(exc, self._name)
        except Exception as exc:  # noqa: BLE001 # whatever it is, the other calls of the batch are innocent
            return exc


def _roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that did not come to its COMMIT."""
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
