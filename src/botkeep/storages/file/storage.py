"""Documents in one JSON file that a person can read: for small bots."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final, TypeVar

from botkeep._core.compat import override
from botkeep._files.paths import path_text
from botkeep.abc import BaseStorage
from botkeep.errors import StorageClosedError
from botkeep.storages.file.batching import BatchingFile
from botkeep.storages.file.pending_state import clear

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import timedelta

    from botkeep.hooks import Operation
    from botkeep.storages.file.pending_state import Change
    from botkeep.ttl import Clock

Result = TypeVar("Result")

_PAGE: Final = 1000


class FileStorage(BaseStorage):
    """Keeps documents in memory and in one JSON file, which is rewritten as a whole at each change.

    Calls made at the same time share one rewrite. Meant for some thousands of documents; beyond that
    `SQLiteStorage` is the better home. A write that has returned survives power loss; one that failed has
    changed nothing, neither the file nor what later reads give. Missing folders are created.

    The file may be edited while the bot is off: take the line with its checksum out. A damaged one is kept as
    ``<name>.corrupt-<time>``, the backup ``<name>.bak`` takes its place, and a `UserWarning` says so. One
    process at a time has the file: ``<name>.lock``. Files that are created are their owner's alone (0600).

    Args:
        path: the file; "~" is the user's home.
        default_ttl: seconds (or a timedelta) to live for a document whose call gives no ttl; None: for ever.
        clock: seconds since the epoch; tests inject their own.

    Raises:
        ValueError: an empty path.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        default_ttl: float | timedelta | None = None,
        clock: Clock = time.time,
    ) -> None:
        self._path = path_text(path)
        self._file: BatchingFile | None = None
        super().__init__(default_ttl=default_ttl, clock=clock)

    def __repr__(self) -> str:
        return f"FileStorage({self._path!r})"

    @override
    async def _open(self) -> None:
        self._file = await BatchingFile.opened(self._path, name=repr(self), clock=self._clock)

    @override
    async def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            await file.close()

    def _open_file(self) -> BatchingFile:
        if self._file is None:
            raise StorageClosedError(repr(self))
        return self._file

    async def _settled_file(self) -> BatchingFile:
        file = self._open_file()
        await file.wait_for_pending_writes()
        return file

    def _submit(self, change: Change[Result]) -> asyncio.Future[Result]:
        return self._open_file().submit(change)

    @override
    async def _ping(self) -> None:
        self._open_file().check()

    @override
    async def _get(self, namespace: str, identifier: str) -> bytes | None:
        stored = (await self._settled_file()).live(namespace, identifier)
        return None if stored is None else stored.value

    @override
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        stored = (await self._settled_file()).live(namespace, identifier)
        return None if stored is None else stored.expires_at

    @override
    async def _apply(self, namespace: str, identifier: str, operation: Operation[Result]) -> Result:
        if self._file is None:
            raise StorageClosedError(repr(self))
        return await self._file.submit(lambda state: state.apply(namespace, identifier, operation))

    @override
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        file = await self._settled_file()
        candidates = file.starting_with(namespace, prefix)
        for start in range(0, len(candidates), _PAGE):
            page = candidates[start : start + _PAGE]
            yield [identifier for identifier in page if file.live(namespace, identifier) is not None]
            # Very many keys must not stall the event loop.
            await asyncio.sleep(0)

    @override
    async def _namespaces(self) -> Iterable[str]:
        return (await self._settled_file()).namespaces()

    @override
    async def _clear(self, namespace: str) -> int:
        return await self._submit(clear(namespace))
