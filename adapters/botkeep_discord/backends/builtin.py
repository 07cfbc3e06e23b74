"""Backends: storages with the two verbs of a layer that loads and saves a whole state.

The state is a dict: the rows of the views under ``persistent_views``, everything else that the storage holds
under ``documents``, and whatever else was saved as it is; see `botkeep_discord.backends.whole_state`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from botkeep import BaseStorage, FileStorage, SQLiteStorage, StorageFormatError
from botkeep.fsm import Ordering
from botkeep.migrate import migrate
from botkeep.sharing import start_for, stop_for
from botkeep_discord.backends.custom import BackendStorage
from botkeep_discord.backends.protocol import StorageBackend
from botkeep_discord.backends.serializer import StateSerializer
from botkeep_discord.backends.whole_state import StateStorage
from botkeep_discord.persistence import NAMESPACE, VIEWS

if TYPE_CHECKING:
    from botkeep_discord.backends.whole_state import State


class StoredBackend:
    """A storage of Botkeep as a backend. Its verbs run one after another, in the order they are called.

    Attributes:
        storage: open while `setup_persistence` uses it; for a verb of the backend alone it is opened and
            closed again.
    """

    def __init__(self, storage: BaseStorage) -> None:
        self.storage = storage
        self._order = Ordering()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.storage!r})"

    async def save_state(self, state: State) -> bool:
        """Store what the state holds in place of what is there; returns True.

        Rows of views that the state leaves out are removed, if it has any; other documents stay.

        Raises:
            TypeError: something in it cannot be stored. Nothing was.
            StorageError: it could not be stored.
        """
        plain = json.loads(StateSerializer.serialize(state))
        async with StateStorage() as copy, self._open():
            await copy.load(plain)
            # Not verified: what reads differently a moment later was written by another process.
            await migrate(copy, self.storage, overwrite=True, verify=False)
            if "persistent_views" in plain:
                await self._remove_rows(set(plain["persistent_views"]))
        return True

    async def load_state(self) -> State:
        """Return all that is stored; an empty dict if nothing is.

        Raises:
            StorageError: it could not be read; that is not the same as nothing.
        """
        async with StateStorage() as copy, self._open():
            await migrate(self.storage, copy)
            plain = await copy.dump()
        state: State = StateSerializer.deserialize(json.dumps(plain))
        return state

    async def _remove_rows(self, kept: set[str]) -> None:
        rows = self.storage.namespace(NAMESPACE).namespace(VIEWS)
        for key in await rows.list_keys():
            if key not in kept:
                await rows.delete_state(key)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        async with self._order.of(repr(self)):
            await start_for(self.storage, self)
            try:
                yield
            finally:
                await stop_for(self.storage, self)


class FileStorageBackend(StoredBackend):
    """One JSON file that a person can read, with a verified ``.bak``; see `botkeep.FileStorage`.

    ``load_state`` also reads a state that another layer left there as plain JSON, so that it can be migrated.
    """

    def __init__(self, file_path: str | os.PathLike[str] = "botkeep_state.json") -> None:
        super().__init__(FileStorage(file_path))
        self._path = Path(file_path).expanduser()

    @override
    async def load_state(self) -> State:
        try:
            return await super().load_state()
        except StorageFormatError:
            foreign = await asyncio.to_thread(self._foreign_state)
            if foreign is None:
                raise
            return foreign

    def _foreign_state(self) -> State | None:
        try:
            state = json.loads(self._path.read_bytes())
        except ValueError:
            return None
        return state if isinstance(state, dict) and "botkeep" not in state else None


class SQLiteBackend(StoredBackend):
    """One SQLite database; see `botkeep.SQLiteStorage`."""

    def __init__(self, db_path: str | os.PathLike[str] = "botkeep.db") -> None:
        super().__init__(SQLiteStorage(db_path))


class RedisBackend(StoredBackend):
    """A Redis server; see `botkeep.RedisStorage`.

    Args:
        url: as ``redis://localhost``.
        key: what the keys of all documents begin with.
        ttl: seconds that a document lives after its last change; None: for ever. A row lives no longer, so
            that a view is gone after a restart later than that.
    """

    def __init__(
        self, url: str = "redis://localhost", key: str = "botkeep:discord", ttl: float | None = None
    ) -> None:
        # Only who has a Redis has its driver.
        from botkeep import RedisStorage  # noqa: PLC0415

        super().__init__(RedisStorage.from_url(url, prefix=f"{key}:", default_ttl=ttl))


def storage_of(backend: Any) -> BaseStorage:
    """Return a backend as a storage.

    Raises:
        TypeError: it is neither a storage nor a backend.
    """
    if isinstance(backend, BaseStorage):
        return backend
    if isinstance(backend, StoredBackend):
        return backend.storage
    if isinstance(backend, StorageBackend):
        return BackendStorage(backend)
    raise TypeError(
        f"a backend is a storage of Botkeep, or has save_state(state) and load_state(), not {backend!r}"
    )


async def migrate_storage(source: StorageBackend, target: StorageBackend) -> bool:
    """Copy the state of one backend into another; False if there is none.

    Stop the bot first: what it writes meanwhile may be missing.

    Raises:
        StorageError: the source could not be read, or the target not be written; the source is as it was.
    """
    state = await source.load_state()
    if not state:
        return False
    # A backend of the user's own deals in JSON's types; ours give documents as they were stored.
    if not isinstance(source, StoredBackend):
        state = StateSerializer.deserialize(json.dumps(state))
    if not isinstance(target, StoredBackend):
        state = json.loads(StateSerializer.serialize(state))
    return await target.save_state(state)
