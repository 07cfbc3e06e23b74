"""Reads that wait for nobody: answered on the event loop's own thread, from a second, read-only connection.

In WAL mode a reader waits for no writer, and sees all that was committed before it began
(sqlite.org/wal.html#concurrency). So a document whose pages are in memory is there in some microseconds; the
way to the connection's thread and back takes ten times as long, and may lead past somebody's fsync.

What could make the event loop wait goes to the thread as before: big documents, and those whose pages may be
on the disk only. Of a big file these are all that were not used lately; of a small one, which is read when it
is opened, they are so for a while after a read that had to wait for the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botkeep.storages.sqlite.schema import CHECKED_BYTES
from botkeep.storages.sqlite.statements import ALL
from botkeep.storages.sqlite.table import find

if sys.platform == "linux":
    from resource import RUSAGE_THREAD, getrusage

if TYPE_CHECKING:
    from botkeep._core.batching import Batcher
    from botkeep._core.clock import SteadyClock
    from botkeep.hooks import Stored
    from botkeep.storages.sqlite.files import DatabaseFiles
    from botkeep.storages.sqlite.statements import Statement
    from botkeep.storages.sqlite.table import Key

BIG_BYTES: Final = 64 * 1024
"""A document of this size is read on the thread."""

REMEMBERED: Final = 8192
"""So many documents at least count as used lately; twice as many at most."""

CROWD: Final = 48
"""With so many callbacks ready to run, or calls on their way, a read shares a trip to the thread, unless that
trip ends with somebody's commit."""

IN_A_ROW: Final = 64
"""So many reads are answered before the event loop gets its turn, if it had none in between."""

_SLOW_SECONDS: Final = 0.001
_COLD_SECONDS: Final = 60.0


class LoopReader:
    """Answers reads of one database on the event loop's thread, as far as that takes no time.

    Args:
        connection: read-only, of its own; None: all reads go to the thread.
        batcher: what the thread is asked through.
        files: the database's, to notice that it was replaced.
        clock: the storage's clock.
    """

    def __init__(
        self,
        connection: sqlite3.Connection | None,
        batcher: Batcher[Statement[Any]],
        files: DatabaseFiles,
        clock: SteadyClock,
    ) -> None:
        self._connection = connection
        self._batcher = batcher
        self._files = files
        self._clock = clock
        self._big: set[Key] = set()
        self._recent: set[Key] = set()
        self._former: set[Key] = set()
        self._may_be_cold = False
        self._in_a_row = 0
        self._cold_until = 0.0
        self._blocks_read = _blocks_read()

    def has_had_its_turn(self) -> bool:
        """Whether so many reads were answered in a row that the event loop must have its turn first."""
        if self._in_a_row < IN_A_ROW:
            return False
        self._in_a_row = 0
        return True

    def find(self, namespace: str, identifier: str) -> tuple[Stored | None] | None:
        """Return the live document, or None, in a tuple; without the tuple: the thread has to be asked.

        Raises:
            CorruptDocumentError: its checksum does not match.
            StorageUnavailableError: the database was removed or replaced.
        """
        key = (namespace, identifier)
        if self._connection is None or self._has_to_queue(key):
            return None
        start = time.perf_counter()
        self._files.check()
        self._may_be_cold = self._files.size > CHECKED_BYTES or start < self._cold_until
        if not self._may_be_in_memory(key):
            return None
        try:
            found = find(self._connection, self._clock(), key)
        except sqlite3.Error:
            return None  # locked, or worse: the thread waits, or knows what to say
        if time.perf_counter() - start > _SLOW_SECONDS:
            self._look_into_delay()
        if found is not None and len(found.value) >= BIG_BYTES:
            self.remember(namespace, identifier, len(found.value))
        self._in_a_row += 1
        return (found,)

    def remember(self, namespace: str, identifier: str, size: int) -> None:
        """Note that a document of so many bytes was read or written just now: its pages are in memory."""
        key = (namespace, identifier)
        if size >= BIG_BYTES:
            self._big.add(key)
            return
        self._big.discard(key)
        if self._may_be_cold:
            if len(self._recent) >= REMEMBERED:
                self._former, self._recent = self._recent, set()
            self._recent.add(key)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _has_to_queue(self, key: Key) -> bool:
        """Whether the read joins a crowd of reads, or would overtake a write of its own program.

        The write may be the call before it in ``gather``, or one that was cancelled after it was sent, and
        happens all the same.
        """
        waiting = len(self._batcher)
        first = next(self._batcher.outstanding()) if waiting else None
        if (first is None or first.changes is None) and self._is_crowd(waiting):
            return True
        changed = {statement.changes for statement in self._batcher.outstanding()} if waiting else ()
        return key in changed or ALL in changed

    def _is_crowd(self, waiting: int) -> bool:
        # From about here on a trip that is shared costs each less. asyncio keeps to itself how many callbacks
        # are ready; other event loops do not tell.
        return waiting >= CROWD or len(getattr(asyncio.get_running_loop(), "_ready", ())) >= CROWD

    def _may_be_in_memory(self, key: Key) -> bool:
        # All of a small file was read when it was opened.
        is_recent = not self._may_be_cold or key in self._recent or key in self._former
        return is_recent and key not in self._big

    def _look_into_delay(self) -> None:
        """Trust no page for a while if it was the disk; a thread that had the interpreter is no reason to."""
        blocks = _blocks_read()
        if blocks is None or blocks != self._blocks_read:
            self._blocks_read = blocks
            self._recent, self._former = set(), set()
            self._cold_until = time.perf_counter() + _COLD_SECONDS


def open_reader(path: str) -> sqlite3.Connection | None:
    """Open a second connection to a database that is open, for use on any one thread; None: that fails."""
    if path == ":memory:":
        return None
    try:
        connection = sqlite3.connect(
            f"{Path(path).as_uri()}?mode=ro",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error:
        return None
    connection.text_factory = bytes
    try:
        # The first read maps the log's index and reads the schema.
        find(connection, 0.0, ("", ""))
    except sqlite3.Error:
        connection.close()
        return None
    return connection


def _blocks_read() -> int | None:
    """Return how often this thread had to wait for the disk so far; None where the system does not count."""
    return getrusage(RUSAGE_THREAD).ru_inblock if sys.platform == "linux" else None
