"""A record in its storage: read, and written as one step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final, NamedTuple

from botkeep import documents
from botkeep._core.held_locks import HeldLock, holds_locks
from botkeep._core.operations import CompareAndDelete, CompareAndSet, Delete, Put, Stored, Swap
from botkeep.abc import check_storage
from botkeep.errors import LeaseLostError
from botkeep.fsm.ordering import held_lease
from botkeep.fsm.record import NAMESPACE, OWN_TTL, Record, empty, is_empty, parse
from botkeep.ttl import KEEP_TTL

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage
    from botkeep.ttl import Expiry, Ttl

FENCE_SECONDS: Final = 600.0
"""How long an empty record stays that has a fence to remember."""


class Found(NamedTuple):
    """What stood in the storage.

    Attributes:
        value: the bytes; None: nothing.
        was_empty: it was an empty record, or none.
    """

    value: bytes | None
    was_empty: bool


class RecordStore:
    """One record in a storage, in the namespace of records.

    While the task holds the lock of an `Ordering` on the same key and storage, every write carries its fence.
    """

    def __init__(self, storage: BaseStorage, identifier: str) -> None:
        try:
            self.storage: BaseStorage = storage.namespace(NAMESPACE)
        except AttributeError:
            check_storage(storage)
            raise
        self.identifier = identifier

    def local_lock(self) -> AbstractAsyncContextManager[object]:
        """Return a lock on the record among the runs of this process."""
        return self.storage.local_lock(self.identifier, "run")

    async def read(self) -> tuple[Found, Record]:
        """Return what is stored, and as a record; a fresh one when there is none.

        Raises:
            CorruptDocumentError: what is stored there is no record.
        """
        return self._parsed(await self.storage.get_encoded(self.identifier))

    async def change(self, step: Callable[[Record], None], ttl: Ttl | None) -> Record:
        """Read the record, pass it to ``step``, which changes it in place, write it, all as one step.

        Returns the record. ``step`` may run several times, and on another thread.
        """
        self.storage.expiry(ttl)  # refuses what is no ttl before anything is read
        held = await self._verified_lock() if holds_locks() else None

        def operation(entry: Stored | None, now: float, /) -> tuple[Stored | None, Record]:
            found, record = self._parsed(None if entry is None else entry.value)
            step(record)
            write = self._write(found, record, ttl, held)
            return (entry if write is None else write(entry, now)[0]), record

        return await self.storage.apply(self.identifier, operation)

    async def swap(self, found: Found, record: Record, value: bytes, ttl: Ttl | None) -> Swap:
        """Write the record, encoded already, if nothing was written since ``found`` was read.

        Raises:
            LeaseLostError: this task has lost its lock.
        """
        held = await self._verified_lock()
        if held is None and not self.storage.has_default_ttl:
            write = self._put_or_delete(found, record, value, self.storage.expiry(ttl))
        else:
            write = self._write(found, documents.decode(value), ttl, held)
        if write is None:
            return Swap(done=True, found=None)
        if isinstance(write, Put):
            operation = CompareAndSet(write.value, found.value, write.expiry)
            return await self.storage.apply(self.identifier, operation)
        assert found.value is not None, "only what is there is removed"
        return await self.storage.apply(self.identifier, CompareAndDelete(found.value))

    async def remove(self) -> None:
        """Remove the record, whatever it says."""
        if held_lease(self.storage, self.identifier) is None:
            await self.storage.delete_state(self.identifier)
        else:
            await self.change(empty, KEEP_TTL)

    def _parsed(self, value: bytes | None) -> tuple[Found, Record]:
        record = parse(value, self.identifier)
        return Found(value, is_empty(record)), record

    def _write(
        self, found: Found, record: Record, ttl: Ttl | None, held: HeldLock | None
    ) -> Put | Delete | None:
        """Return what is to be done to what was found; None: nothing."""
        if held is not None:
            _write_fence(record, held)
        expiry = self._expiry(record, ttl)
        return self._put_or_delete(found, record, documents.encode(record), expiry)

    def _put_or_delete(
        self, found: Found, record: Record, value: bytes, expiry: Expiry
    ) -> Put | Delete | None:
        if value == found.value and expiry.keep:
            return None
        if not is_empty(record):
            return Put(value, expiry._replace(keep=expiry.keep and not found.was_empty))
        if "fence" in record:
            return Put(value, self.storage.expiry(FENCE_SECONDS))
        return None if found.value is None else Delete()

    def _expiry(self, record: Record, ttl: Ttl | None) -> Expiry:
        """Return when the record expires, and note in it whether that was said for this dialogue alone.

        A storage's ``default_ttl`` ends dialogues that nobody goes on with: each change starts it anew,
        unless a state came with a ttl of its own, which later changes of the data keep.
        """
        if not self.storage.has_default_ttl:
            return self.storage.expiry(ttl)
        if ttl is None or (ttl is KEEP_TTL and OWN_TTL not in record):
            record.pop(OWN_TTL, None)
            return self.storage.expiry(None)
        record[OWN_TTL] = True
        return self.storage.expiry(ttl)

    async def _verified_lock(self) -> HeldLock | None:
        """Return the lock that this task holds on the record, if due after a check; None: it holds none."""
        held = held_lease(self.storage, self.identifier)
        if held is not None:
            await held.verify_if_due()
        return held


def _write_fence(record: Record, held: HeldLock) -> None:
    """Write the fence of the lock into the record.

    Raises:
        LeaseLostError: a later holder has written its own.
    """
    if record.get("fence", 0) > held.fence:
        raise LeaseLostError(held.identifier)
    record["fence"] = held.fence
