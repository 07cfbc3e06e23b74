"""The records of one bot in the storage, and those that could not be written yet."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from typing import Any, Final, NamedTuple

from botkeep import (
    NO_TTL,
    BaseStorage,
    DocumentError,
    IdentifierError,
    Ordering,
    StorageUnavailableError,
)
from botkeep.abc import check_storage
from botkeep.documents import encode
from botkeep.sharing import start_for, stop_for
from botkeep_ptb.layout import NAMESPACE, Key

ABSENT: Final = object()
"""In place of a document: there is none."""

_log = logging.getLogger("botkeep.ptb")


class Entry(NamedTuple):
    """A document, or `ABSENT`, and what tells it from others."""

    document: Any
    digest: bytes

    @classmethod
    def of(cls, document: Any) -> Entry:
        """Return the entry of a document.

        Raises:
            DocumentError: it cannot be stored.
        """
        digest = b"" if document is ABSENT else hashlib.blake2b(encode(document), digest_size=16).digest()
        return cls(document, digest)


_NONE: Final = Entry.of(ABSENT)


class _Seen:
    """What the storage was last seen to hold under a key; a new object each time."""

    __slots__ = ("digest",)

    def __init__(self, entry: Entry) -> None:
        self.digest = entry.digest


_NOTHING_SEEN: Final = _Seen(_NONE)


class Records:
    """Writes only what has changed, and keeps what it could not write until it can.

    python-telegram-bot takes a failed write for done; here it is tried again with the next writes. Records
    never expire, whatever the storage's ``default_ttl``: the bot has them in memory and does not write again
    what has not changed.
    """

    def __init__(self, storage: BaseStorage) -> None:
        check_storage(storage)
        self._storage = storage
        self._bot = ""
        self._seen: dict[Key, _Seen] = {}
        self._pending: dict[Key, Entry] = {}
        self._failed: set[Key] = set()
        self._one_at_a_time = Ordering()

    def serve(self, bot_id: str) -> None:
        """Keep this bot's records apart from those of others."""
        self._bot = bot_id

    async def open(self) -> None:
        """Open the storage, also after `close`; write first what is left from before."""
        await start_for(self._storage, self)
        await self.retry()

    async def close(self) -> None:
        """Write what is left and close the storage; an error says that something is still not written."""
        try:
            await self.retry()
        finally:
            self._seen.clear()  # Until it is opened again, others may write.
            await stop_for(self._storage, self)

    async def load(self, kind: tuple[str, ...]) -> dict[str, Any]:
        """Return all documents of a kind by identifier."""
        records = self._records(kind)
        identifiers = await records.list_keys()
        found = await asyncio.gather(*(records.get_state(identifier, ABSENT) for identifier in identifiers))
        await asyncio.gather(*(self._keep(records, identifier) for identifier in identifiers))
        documents = {name: item for name, item in zip(identifiers, found, strict=True) if item is not ABSENT}
        for identifier, document in documents.items():
            self._seen[Key(kind, identifier)] = _Seen(Entry.of(document))
        return documents

    async def read(self, key: Key) -> Any:
        """Return one document, or `ABSENT`."""
        document = await self.read_stored(key)
        await self._keep(self._records(key.kind), key.identifier)
        self._seen[key] = _Seen(Entry.of(document))
        return document

    async def read_stored(self, key: Key) -> Any:
        """Return one document, or `ABSENT`, and change nothing of what is known of it."""
        return await self._records(key.kind).get_state(key.identifier, ABSENT)

    async def read_unless_written(self, key: Key) -> Entry | None:
        """Return what the storage holds; None: this process has written it meanwhile, so that is newer."""
        before = self._seen.get(key)
        entry = Entry.of(await self.read_stored(key))
        if key in self._pending or self._seen.get(key) is not before:
            return None
        return entry

    def accept(self, key: Key, entry: Entry) -> None:
        """Take what was read for what the storage holds."""
        self._seen[key] = _Seen(entry)

    def unchanged(self, key: Key, entry: Entry) -> bool:
        """Whether this is what the storage was last seen to hold."""
        return key not in self._pending and self._seen.get(key, _NOTHING_SEEN).digest == entry.digest

    async def write(self, key: Key, entry: Entry) -> None:
        """Write a document, or remove it if the entry is of `ABSENT`, unless the storage has it like that.

        Raises:
            StorageUnavailableError: it could not be written; it is kept, and tried again.
        """
        if not self.unchanged(key, entry):
            self._pending[key] = entry
            await self._save(key)
            if self._failed:
                await self.retry()

    async def remove(self, key: Key) -> None:
        """Remove a document, as `write` does."""
        await self.write(key, _NONE)

    async def drop(self, key: Key) -> None:
        """Remove a document, also one that another process has written."""
        self._pending[key] = _NONE
        await self._save(key)

    async def retry(self) -> None:
        """Write again what could not be written.

        Raises:
            StorageUnavailableError: some of it still could not.
        """
        failed = sorted(self._failed)
        errors = await asyncio.gather(*map(self._save, failed), return_exceptions=True)
        for error in errors:
            if error is not None:
                raise error

    async def _save(self, key: Key) -> None:
        async with self._one_at_a_time.of("/".join((*key.kind, key.identifier))):
            entry = self._pending.get(key)
            if entry is None:
                return
            try:
                await self._store(key, entry)
            except StorageUnavailableError:
                if key not in self._failed:
                    self._failed.add(key)
                    _log.warning("%s of %s could not be written; it is tried again", key.identifier, key.kind)
                raise
            except (DocumentError, IdentifierError):
                self._forget(key, entry)  # Trying again would not help.
                raise
            self._seen[key] = _Seen(entry)
            self._forget(key, entry)

    async def _store(self, key: Key, entry: Entry) -> None:
        records = self._records(key.kind)
        if entry.document is ABSENT:
            await records.delete_state(key.identifier)
        else:
            await records.set_state(key.identifier, entry.document, ttl=NO_TTL)

    def _forget(self, key: Key, entry: Entry) -> None:
        """Strike a pending entry off, but not what a later write has put in its place meanwhile."""
        if self._pending.get(key) is entry:
            del self._pending[key]
            self._failed.discard(key)

    @staticmethod
    async def _keep(records: BaseStorage, identifier: str) -> None:
        """Take its expiry from a record that an older version has written with one."""
        if await records.get_ttl(identifier) not in (None, math.inf):
            await records.touch(identifier, ttl=NO_TTL)

    def _records(self, kind: tuple[str, ...]) -> BaseStorage:
        records = self._storage.namespace(NAMESPACE).namespace(self._bot)
        for name in kind:
            records = records.namespace(name)
        return records
