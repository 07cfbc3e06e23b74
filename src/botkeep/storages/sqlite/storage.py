"""Documents in one SQLite file: survive restarts, crashes and, by default, power loss."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from botkeep._core.compat import override
from botkeep._files.errors import reason_of
from botkeep._files.paths import expanded, path_text
from botkeep.abc import BaseStorage
from botkeep.errors import StorageClosedError, StorageUnavailableError
from botkeep.storages.sqlite import statements
from botkeep.storages.sqlite.backup import back_up, restore_file, restore_memory
from botkeep.storages.sqlite.checksums import damaged_identifiers
from botkeep.storages.sqlite.connection import BatchingConnection
from botkeep.ttl import positive_seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
    from datetime import timedelta

    from botkeep.hooks import Operation, Stored
    from botkeep.storages.sqlite.schema import Durability
    from botkeep.storages.sqlite.statements import Statement
    from botkeep.ttl import Clock

Result = TypeVar("Result")


class SQLiteStorage(BaseStorage):
    """Keeps documents in one file, which several processes may share.

    Calls made at the same time share one transaction, so that full durability is affordable. One process at
    a time writes, by a lock file beside the database. Missing folders are created; files that are created are
    their owner's alone (mode 0600).

    Args:
        path: the file, resolved when it is opened: "~" is the user's home, links are followed. ":memory:"
            keeps everything in memory.
        durability: "full": a write that has returned survives power loss; "normal": it survives a killed
            process, and power loss may take the last moments.
        default_ttl: seconds (or a timedelta) to live for a document whose call gives no ttl; None: for ever.
        timeout: seconds to wait for another process that holds the file's lock; then
            `StorageUnavailableError`, and nothing was written.
        clock: seconds since the epoch; tests inject their own.

    Raises:
        ValueError: an unknown durability, an empty path, a timeout that is not positive.
        TypeError: a timeout that is no number.

    Opening raises `StorageFormatError` for a file that is not ours, damaged, or of a newer version, and
    `StorageUnavailableError` where it cannot be used: no rights, no WAL, a network file system, a file that
    is mounted alone. A file that is removed or replaced while it is open is a `StorageUnavailableError` too.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durability: Durability = "full",
        default_ttl: float | timedelta | None = None,
        timeout: float = 5.0,
        clock: Clock = time.time,
    ) -> None:
        if durability not in ("full", "normal"):
            raise ValueError(f'durability must be "full" or "normal", not {durability!r}')
        self._path = path_text(path)
        self._durability = durability
        self._timeout = positive_seconds(timeout, "timeout")
        self._connection: BatchingConnection | None = None
        super().__init__(default_ttl=default_ttl, clock=clock)

    def __repr__(self) -> str:
        return f"SQLiteStorage({self._path!r})"

    async def backup(self, path: str | os.PathLike[str]) -> None:
        """Copy the database to ``path`` while it is in use: one moment of it, complete and checked.

        The copy appears under its name only when it is whole; an older file there is replaced by it.

        Raises:
            ValueError: ``path`` is the database itself.
            StorageUnavailableError: the copy could not be written; an older file there was left as it is.
        """
        await self._enter()
        await back_up(self._open_connection(), path_text(path), repr(self))

    async def restore(self, path: str | os.PathLike[str]) -> None:
        """Put a backup in the place of all documents. What was there is kept as ``<name>.replaced-<time>``.

        An open storage is stopped for it and started again: calls made meanwhile raise `StorageClosedError`.
        Other processes have to be stopped.

        Args:
            path: a file that `backup` made; it stays as it is.

        Raises:
            ValueError: ``path`` is the database itself.
            StorageFormatError: the backup is damaged, or none of ours. Nothing was changed.
            StorageUnavailableError: somebody has the database open, or a file cannot be used.
        """
        # A cancelled caller leaves it running to its end: half of it is no database.
        await asyncio.shield(asyncio.ensure_future(self._restore(path_text(path))))

    async def _restore(self, backup: str) -> None:
        if self._path == ":memory:":
            await self._enter()
            await self._open_connection().run(lambda database: restore_memory(backup, database))
            return
        was_open = self._connection is not None
        await self.stop()
        try:
            await asyncio.to_thread(restore_file, backup, self._resolved_path())
        finally:
            if was_open:
                await self.start()

    async def repair(self) -> list[str]:
        """Move damaged documents into the table ``damaged_documents``, and return their identifiers.

        They are absent then, and `list_keys` lists all others.
        """
        await self._enter()
        return await self._submit(statements.set_damaged_aside())

    @override
    async def _open(self) -> None:
        self._connection = await BatchingConnection.opened(
            self._resolved_path(),
            self._durability,
            name=repr(self),
            clock=self._clock,
            lock_timeout=self._timeout,
        )

    def _resolved_path(self) -> str:
        """Return where the file is, from here on, wherever the process or a link goes; make its folder."""
        if self._path == ":memory:":
            return self._path
        try:
            path = Path(os.path.realpath(expanded(self._path)))
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StorageUnavailableError(repr(self), f"its folder cannot be made: {reason_of(exc)}") from exc
        return str(path)

    @override
    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _open_connection(self) -> BatchingConnection:
        if self._connection is None:
            raise StorageClosedError(repr(self))
        return self._connection

    def _submit(self, statement: Statement[Result]) -> asyncio.Future[Result]:
        return self._open_connection().submit(statement)

    @override
    async def _ping(self) -> None:
        await self._submit(statements.get("", ""))

    @override
    async def _get(self, namespace: str, identifier: str) -> bytes | None:
        reader = self._open_connection().reader
        if reader.has_had_its_turn():
            await asyncio.sleep(0)
        found = reader.find(namespace, identifier)
        if found is not None:
            return None if found[0] is None else found[0].value
        value = await self._submit(statements.get(namespace, identifier))
        reader.remember(namespace, identifier, 0 if value is None else len(value))
        return value

    @override
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        reader = self._open_connection().reader
        if reader.has_had_its_turn():
            await asyncio.sleep(0)
        found = reader.find(namespace, identifier)
        if found is not None:
            return None if found[0] is None else found[0].expires_at
        return await self._submit(statements.get_expiry(namespace, identifier))

    @override
    async def _get_many(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        return await self._submit(statements.get_many(namespace, identifiers))

    @override
    async def _add_many(self, namespace: str, documents: Mapping[str, Stored]) -> list[bool]:
        return await self._submit(statements.add_many(namespace, documents))

    @override
    def _apply(self, namespace: str, identifier: str, operation: Operation[Result]) -> Awaitable[Result]:
        if getattr(operation, "changes_nothing", False):
            return self._peek(namespace, identifier, operation)
        if self._connection is None:
            raise StorageClosedError(repr(self))
        return self._connection.submit(statements.apply(namespace, identifier, operation, self._clock))

    async def _peek(self, namespace: str, identifier: str, operation: Operation[Result]) -> Result:
        reader = self._open_connection().reader
        if reader.has_had_its_turn():
            await asyncio.sleep(0)
        found = reader.find(namespace, identifier)
        if found is not None:
            return operation(found[0], self._clock())[1]
        return await self._submit(statements.apply(namespace, identifier, operation, self._clock))

    @override
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        start: bytes | None = prefix.encode()
        unreadable: list[str] = []
        while start is not None:
            page = await self._submit(statements.page(namespace, prefix, start))
            yield page.identifiers
            unreadable += page.unreadable
            start = page.following
        if unreadable:
            raise damaged_identifiers(unreadable)

    @override
    async def _namespaces(self) -> Iterable[str]:
        return await self._submit(statements.namespaces())

    @override
    async def _clear(self, namespace: str) -> int:
        return await self._submit(statements.clear(namespace))
