"""How a batch becomes a transaction, on the connection's thread; and what is done there besides."""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from botkeep.errors import StorageUnavailableError
from botkeep.storages.sqlite import statements
from botkeep.storages.sqlite.errors import is_locked, translate_error
from botkeep.storages.sqlite.origin import SELECT_CLOCK, empty_log, read_properties, renew_id, write_clock
from botkeep.storages.sqlite.table import DocumentTable
from botkeep.storages.sqlite.write_lock import pause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botkeep._core.clock import SteadyClock
    from botkeep.storages.sqlite.files import DatabaseFiles
    from botkeep.storages.sqlite.statements import Statement
    from botkeep.storages.sqlite.write_lock import WriteLock

_SWEEP_SECONDS: Final = 1.0
_CLOCK_SECONDS: Final = 1.0

_WORTH_FETCHING: Final = 8
"""So many statements read their rows by one query: it costs as much as six of one row each."""


class TogetherError(Exception):
    """SQLite failed in the middle of a batch, at one document of it, whose call has to be found."""


class Transactions:
    """Runs batches of statements.

    Args:
        lock: taken for every transaction that writes.
        files: the database's.
        clock: the storage's clock.
        path: the database's, resolved, or ":memory:".
        name: the storage's name, for errors.
        lock_timeout: seconds to wait for a lock that another process holds.
    """

    def __init__(
        self,
        lock: WriteLock,
        files: DatabaseFiles,
        clock: SteadyClock,
        *,
        path: str,
        name: str,
        lock_timeout: float,
    ) -> None:
        self._lock = lock
        self._files = files
        self._clock = clock
        self._name = name
        self._lock_timeout = lock_timeout
        self._sweep_at = 0.0
        self._seen = 0.0  # the latest time that is stored with the data
        self._id_is_due = path != ":memory:"
        self._log_is_empty = True

    def execute(self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]]) -> list[Any]:
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
        self._files.check()
        if any(statement.changes is not None for statement in batch):
            with self._lock:
                if self._id_is_due:
                    self._id_is_due = not renew_id(connection, self._lock.path)
                return self._write(connection, batch)
        return self._read(connection, batch)

    def fold(self, connection: sqlite3.Connection) -> None:
        """Bring what is in the log into the database; if that fails, the next time will do."""
        if self._log_is_empty:
            return
        with suppress(sqlite3.Error, StorageUnavailableError):
            self._files.check()
            with self._lock:
                self._log_is_empty = empty_log(connection)

    def _read(self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]]) -> list[Any]:
        if len(batch) == 1:
            return self._one_by_one(connection, batch, self._clock())
        connection.execute("BEGIN")
        try:
            outcomes = self._together(connection, batch, self._clock())
        except TogetherError:
            outcomes = self._one_by_one(connection, batch, self._clock())
        connection.execute("COMMIT")
        return outcomes

    def _write(self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]]) -> list[Any]:
        self._log_is_empty = False
        now = self._begin(connection)
        if len(batch) > 1 and all(statement.is_of_one_document for statement in batch):
            try:
                outcomes = self._together(connection, batch, now)
            except TogetherError:
                # Anew, so that the one whose fault it is gets the error.
                _roll_back(connection)
                outcomes = self._one_by_one(connection, batch, now := self._begin(connection))
        else:
            outcomes = self._one_by_one(connection, batch, now)
        if now >= self._sweep_at:
            self._sweep_at = now if statements.sweep(connection, now) else now + _SWEEP_SECONDS
        if now >= self._seen + _CLOCK_SECONDS:
            self._seen = write_clock(connection, now)
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            return [translate_error(exc, self._name, committing=True) for _ in batch]
        return outcomes

    def _begin(self, connection: sqlite3.Connection) -> float:
        """Begin a transaction that writes, and return the time."""
        connection.execute("BEGIN IMMEDIATE")
        self._adopt_time(connection)
        return self._clock()

    def _adopt_time(self, connection: sqlite3.Connection) -> None:
        """Go on from the latest time that was seen with the data, by any process."""
        (seen,) = connection.execute(SELECT_CLOCK).fetchone() or (None,)
        if seen != self._seen:
            properties = read_properties(connection)
            self._seen = math.inf if properties is None else properties.clock
            if properties is not None:
                self._clock.not_before(properties.clock)

    def _together(
        self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]], now: float
    ) -> list[Any]:
        """Run the batch, then write what it has put; return one outcome per statement.

        Raises:
            TogetherError: something cannot be read or written. What could be was.
        """
        table, outcomes = DocumentTable(connection, now), []
        try:
            if len(batch) >= _WORTH_FETCHING:
                table.fetch([statement.reads for statement in batch if statement.reads is not None])
            for statement in batch:
                try:
                    outcomes.append(statement.run(table))
                except sqlite3.Error:
                    raise
                except Exception as exc:  # noqa: BLE001 # its own, the other calls are innocent
                    outcomes.append(exc)
            table.flush()
        except (sqlite3.Error, OverflowError) as exc:
            if not connection.in_transaction or is_locked(exc):
                raise
            raise TogetherError from exc
        return outcomes

    def _one_by_one(
        self, connection: sqlite3.Connection, batch: Sequence[Statement[Any]], now: float
    ) -> list[Any]:
        return [self._alone(connection, statement, now) for statement in batch]

    def _alone(self, connection: sqlite3.Connection, statement: Statement[Any], now: float) -> Any:
        """Run one statement; its own failure is its outcome, unless it took the transaction with it."""
        was_open = connection.in_transaction
        table = DocumentTable(connection, now)
        try:
            outcome = statement.run(table)
            table.flush()
        except sqlite3.Error as exc:
            if was_open != connection.in_transaction or is_locked(exc):
                raise
            return translate_error(exc, self._name)
        except Exception as exc:  # noqa: BLE001 # whatever it is, the other calls of the batch are innocent
            return exc
        return outcome


def _roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that did not come to its COMMIT."""
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
