"""The records of one bot in the storage, and those that could not be written yet."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Hashable
from typing import Any, Final, NamedTuple

from botkeep import BaseStorage, StorageUnavailableError
from botkeep.documents import encode

NAMESPACE: Final = "ptb"
"""In the storage: in it one namespace per bot, and in that one per kind of record."""

_log = logging.getLogger("botkeep.ptb")


class Key(NamedTuple):
    """Where a record is: names of namespaces, one in the other, and an identifier."""

    kind: tuple[str, ...]
    identifier: str


class _Pending(NamedTuple):
    document: Any
    digest: bytes


_ABSENT: Final = object()
_NOTHING: Final = b""


class Records:
    """Writes only what has changed, and keeps what it could not write until it can.

    python-telegram-bot takes a failed write for done; here it is tried again with the next writes.
    """

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage
        self._bot = ""
        self._written: dict[Hashable, bytes] = {}
        self._pending: dict[Key, _Pending] = {}

    def serve(self, bot_id: str) -> None:
        """Keep this bot's records apart from those of others."""
        self._bot = bot_id

    async def open(self) -> None:
        """Open the storage, also after `close`; write first what is left from before."""
        await self._storage.start()
        await self.retry()

    async def close(self) -> None:
        """Write what is left and close the storage; an error says that something is still not written."""
        await self.retry()
        await self._storage.stop()

    async def load(self, kind: tuple[str, ...]) -> dict[str, Any]:
        """Return all documents of a kind by identifier."""
        records = self._records(kind)
        identifiers = await records.list_keys()
        found = await asyncio.gather(*(records.get_state(identifier) for identifier in identifiers))
        documents = dict(zip(identifiers, found, strict=True))
        for identifier, document in documents.items():
            self._written[Key(kind, identifier)] = _digest(document)
        return documents

    async def read(self, key: Key, default: Any = None) -> Any:
        """Return one document; ``default`` when there is none."""
        document = await self._records(key.kind).get_state(key.identifier, default)
        self._written[key] = _NOTHING if document is default else _digest(document)
        return document

    def unchanged(self, key: Key, document: Any) -> bool:
        """Whether this is what the storage was last seen to hold."""
        return key not in self._pending and self._written.get(key, _NOTHING) == _digest(document)

    async def write(self, key: Key, document: Any) -> None:
        """Write a document unless it is there already."""
        if not self.unchanged(key, document):
            await self._replace(key, _Pending(document, _digest(document)))

    async def remove(self, key: Key) -> None:
        """Remove a document."""
        if key in self._pending or self._written.get(key, _NOTHING) != _NOTHING:
            await self._replace(key, _Pending(_ABSENT, _NOTHING))

    async def retry(self) -> None:
        """Write again what could not be written."""
        for key in list(self._pending):
            await self._save(key)

    async def _replace(self, key: Key, pending: _Pending) -> None:
        others = bool(self._pending.keys() - {key})
        self._pending[key] = pending
        await self._save(key)
        if others:
            await self.retry()

    async def _save(self, key: Key) -> None:
        pending = self._pending.get(key)
        if pending is None:
            return
        records = self._records(key.kind)
        try:
            if pending.document is _ABSENT:
                await records.delete_state(key.identifier)
            else:
                await records.set_state(key.identifier, pending.document)
        except StorageUnavailableError:
            _log.warning(
                "%s of %s could not be written; it is kept and tried again", key.identifier, key.kind
            )
            raise
        self._written[key] = pending.digest
        if self._pending.get(key) is pending:
            # Not what a later write has put in its place meanwhile.
            del self._pending[key]

    def _records(self, kind: tuple[str, ...]) -> BaseStorage:
        records = self._storage.namespace(NAMESPACE).namespace(self._bot)
        for name in kind:
            records = records.namespace(name)
        return records


def _digest(document: Any) -> bytes:
    return hashlib.blake2b(encode(document), digest_size=16).digest()
