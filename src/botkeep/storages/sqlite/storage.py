"""Documents in one SQLite file: survive restarts, crashes and, by default, power loss."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from botkeep._core.compat import override
from botkeep.abc import BaseStorage
from botkeep.errors import StorageClosedError, StorageUnavailableError
from botkeep.storages.sqlite import statements
from botkeep.storages.sqlite.backup import back_up
from botkeep.storages.sqlite.connection import BatchingConnection

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from datetime import timedelta

    from botkeep.hooks import Operation, Stored
    from botkeep.storages.sqlite.schema import Durability
    from botkeep.storages.sqlite.statements import Statement, StatementMaker
    from botkeep.ttl import Clock

Result = TypeVar("Result")


class SQLiteStorage(BaseStorage):
    """Keeps documents in one file, which several processes may share.

    Calls made at the same time share one transaction, so that full durability is affordable. Processes take
    turns in writing, by a lock file beside the database. Missing folders are created.

    Args:
        path: the file; ":memory:" keeps everything in memory.
        durability: "full": a write that has returned survives power loss; "normal": it survives a killed
            process, and power loss may take the last moments.
        default_ttl: seconds (or a timedelta) to live for a document whose call gives no ttl; None: for ever.
        timeout: seconds to wait for another process that holds the file's lock; then
            `StorageUnavailableError`, and nothing was written.
        clock: seconds since the epoch; tests inject their own.

    Raises:
        ValueError: an unknown durability, an empty path, a timeout that is not positive.

    Opening raises `StorageFormatError` for a file that is not ours or of a newer version, and
    `StorageUnavailableError` where it cannot be used: no rights, no WAL, a network file system.
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
        if not 0 < timeout < math.inf:
            raise ValueError(f"timeout must be a positive, finite number of seconds, not {timeout!r}")
        if not os.fspath(path):
            raise ValueError('path must not be empty; ":memory:" keeps everything in memory')
        self._path = os.fspath(path)
        self._durability = durability
        self._timeout = timeout
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
        await back_up(self._path, os.fspath(path), self._open_connection(), repr(self))

    @override
    async def _open(self) -> None:
        if self._path != ":memory:":
            self._make_folder()
        self._connection = await BatchingConnection.opened(
            self._path, self._durability, name=repr(self), clock=self._clock, patience=self._timeout
        )

    def _make_folder(self) -> None:
        try:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StorageUnavailableError(repr(self), f"its folder cannot be made: {exc}") from exc

    @override
    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _open_connection(self) -> BatchingConnection:
        if self._connection is None:
            raise StorageClosedError(repr(self))
        return self._connection

    def _submit(self, statement: Statement) -> asyncio.Future[Any]:
        return self._open_connection().submit(statement)

    @override
    async def _ping(self) -> None:
        await self._submit(statements.get("", ""))

    @override
    async def _get(self, namespace: str, identifier: str) -> bytes | None:
        value: bytes | None = await self._submit(statements.get(namespace, identifier))
        return value

    @override
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        expires_at: float | None = await self._submit(statements.get_expiry(namespace, identifier))
        return expires_at

    @override
    async def _get_many(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        found: list[Stored | None] = await self._submit(statements.get_many(namespace, identifiers))
        return found

    @override
    async def _add_many(self, namespace: str, documents: Mapping[str, Stored]) -> list[bool]:
        added: list[bool] = await self._submit(statements.add_many(namespace, documents))
        return added

    @override
    async def _apply(self, namespace: str, identifier: str, operation: Operation[Result]) -> Result:
        statement: StatementMaker = statements.IN_SQL.get(type(operation), statements.apply)
        result: Result = await self._submit(statement(namespace, identifier, operation))
        return result

    @override
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        start = prefix
        while page := await self._submit(statements.page(namespace, prefix, start)):
            yield page
            if len(page) < statements.PAGE:
                return
            # The smallest text behind the last identifier: none of them holds a NUL.
            start = page[-1] + "\0"

    @override
    async def _namespaces(self) -> Iterable[str]:
        paths: list[str] = await self._submit(statements.namespaces())
        return paths

    @override
    async def _clear(self, namespace: str) -> int:
        count: int = await self._submit(statements.clear(namespace))
        return count
