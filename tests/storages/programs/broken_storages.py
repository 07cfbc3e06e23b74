"""Storages with one fault each, and the family of laws that has to find it; run by test_contract.py.

pytest collects this file only when it is named: each class here must fail.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from botkeep import CorruptDocumentError, MemoryStorage
from botkeep.abc import BaseStorage
from botkeep.hooks import CompareAndSet, Delete, Increment, Put, Stored, Swap, Touch
from botkeep.lease import Lease
from botkeep.testing.laws.cancellation import CancellationLaws
from botkeep.testing.laws.concurrency import ConcurrencyLaws
from botkeep.testing.laws.corruption import CorruptionLaws
from botkeep.testing.laws.counter_expiry import CounterExpiryLaws
from botkeep.testing.laws.counters import CounterLaws
from botkeep.testing.laws.expiry import ExpiryLaws
from botkeep.testing.laws.identifiers import IdentifierLaws
from botkeep.testing.laws.lifecycle import LifecycleLaws
from botkeep.testing.laws.locks import LockLaws
from botkeep.testing.laws.namespaces import NamespaceLaws
from botkeep.testing.laws.patterns import PatternLaws
from botkeep.testing.laws.swaps import SwapLaws
from botkeep.testing.laws.touch import TouchLaws
from botkeep.testing.laws.ttl import TtlLaws
from botkeep.testing.laws.updates import UpdateLaws
from botkeep.ttl import KEEP_TTL, Expiry


class ByVerb(MemoryStorage):
    """Memory with a method for each operation, to be broken one by one."""

    async def _apply(self, namespace: str, identifier: str, operation: Any) -> Any:
        if isinstance(operation, Increment):
            return await self._increment(namespace, identifier, operation.amount, operation.expiry)
        methods = {
            Put: self._set,
            Touch: self._touch,
            Delete: self._delete,
            CompareAndSet: self._compare_and_set,
        }
        method: Any = methods.get(type(operation))
        if method is None:
            return await super()._apply(namespace, identifier, operation)
        return await method(namespace, identifier, *operation)

    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        await super()._apply(namespace, identifier, Put(value, expiry))

    async def _touch(self, namespace: str, identifier: str, expires_at: float) -> bool:
        return await super()._apply(namespace, identifier, Touch(expires_at))

    async def _delete(self, namespace: str, identifier: str) -> bool:
        return await super()._apply(namespace, identifier, Delete())

    async def _compare_and_set(
        self, namespace: str, identifier: str, value: bytes, expected: bytes | None, expiry: Expiry
    ) -> Swap:
        return await super()._apply(namespace, identifier, CompareAndSet(value, expected, expiry))

    async def _increment(self, namespace: str, identifier: str, amount: int, expiry: Expiry) -> int:
        return await super()._apply(namespace, identifier, Increment(identifier, amount, expiry))


class Broken:
    """The hooks, for the storage that a class names."""

    storage_class: ClassVar[Callable[..., MemoryStorage]]

    def create(self, *, default_ttl: float | None = None) -> BaseStorage:
        self.made = self.storage_class(default_ttl, clock=self.clock)  # type: ignore[attr-defined] # the laws'
        return self.made

    def another(self, storage: BaseStorage) -> BaseStorage:
        return storage

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        entry = self.made._documents[namespace].entries.get(identifier)
        return None if entry is None else entry.value

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        self.made._store(namespace, identifier, Stored(value, math.inf), None)


class ListsExpired(ByVerb):
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:  # noqa: ARG002 # no law on it here
        documents = self._documents.get(namespace)
        yield sorted(documents.entries) if documents else []


class TestListsExpired(Broken, ExpiryLaws):
    storage_class = ListsExpired


class DeletesExpired(ByVerb):
    async def _delete(self, namespace: str, identifier: str) -> bool:
        expired = self._live(namespace, identifier) is None and namespace in self._documents
        return await super()._delete(namespace, identifier) or expired


class TestDeletesExpired(Broken, ExpiryLaws):
    storage_class = DeletesExpired


class RevivesExpired(ByVerb):
    async def _touch(self, namespace: str, identifier: str, expires_at: float) -> bool:
        entry = self._documents[namespace].entries.get(identifier) if namespace in self._documents else None
        if entry is not None:
            self._store(namespace, identifier, Stored(entry.value, expires_at), entry)
        return entry is not None


class TestRevivesExpired(Broken, ExpiryLaws):
    storage_class = RevivesExpired


class ForgetsToKeep(ByVerb):
    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        await super()._set(namespace, identifier, value, Expiry(expiry.at, keep=False))


class TestForgetsToKeep(Broken, TtlLaws):
    storage_class = ForgetsToKeep


class RenewsAlways(ByVerb):
    async def _increment(self, namespace: str, identifier: str, amount: int, expiry: Expiry) -> int:
        return await super()._increment(namespace, identifier, amount, Expiry(expiry.at, keep=False))


class TestRenewsAlways(Broken, CounterExpiryLaws):
    storage_class = RenewsAlways


class CountsAnything(ByVerb):
    async def _increment(self, namespace: str, identifier: str, amount: int, expiry: Expiry) -> int:
        entry = self._live(namespace, identifier)
        total = amount + (int(entry.value) if entry is not None and entry.value.isdigit() else 0)
        await self._set(namespace, identifier, b"%d" % total, expiry)
        return total


class TestCountsAnything(Broken, CounterLaws):
    storage_class = CountsAnything


class ComparesBytes(ByVerb):
    async def compare_and_set(
        self, identifier: str, new_state: Any, *, expected: Any, ttl: Any = None
    ) -> bool:
        found = await self.get_state(identifier)
        if repr(found) != repr(expected):
            return False
        return await super().compare_and_set(identifier, new_state, expected=expected, ttl=ttl)


class TestComparesBytes(Broken, SwapLaws):
    storage_class = ComparesBytes


class ComparesAndThenSets(ByVerb):
    async def _compare_and_set(
        self, namespace: str, identifier: str, value: bytes, expected: bytes | None, expiry: Expiry
    ) -> Swap:
        found = await self._get(namespace, identifier)
        await asyncio.sleep(0)
        if found != expected:
            return Swap(done=False, found=found)
        await self._set(namespace, identifier, value, expiry)
        return Swap(done=True, found=None)


class TestComparesAndThenSets(Broken, SwapLaws):
    storage_class = ComparesAndThenSets


class LocksNobodyOut(ByVerb):
    def lock(self, identifier: str, *, ttl: float | timedelta = 30.0) -> Lease:
        return super().lock(f"{identifier}{random.random()}", ttl=ttl)


class TestLocksNobodyOut(Broken, LockLaws):
    storage_class = LocksNobodyOut


class CountsInTwoSteps(ByVerb):
    async def _increment(self, namespace: str, identifier: str, amount: int, expiry: Expiry) -> int:
        await asyncio.sleep(0)
        entry = self._live(namespace, identifier)
        await asyncio.sleep(0)
        total = amount + (int(entry.value) if entry else 0)
        await self._set(namespace, identifier, b"%d" % total, expiry)
        return total


class TestCountsInTwoSteps(Broken, ConcurrencyLaws):
    storage_class = CountsInTwoSteps


class UpdatesInTwoSteps(ByVerb):
    async def update(self, identifier: str, change: Any, *, default: Any = None, ttl: Any = KEEP_TTL) -> Any:
        document = change(await self.get_state(identifier, default))
        await asyncio.sleep(0)
        await self.set_state(identifier, document, ttl=ttl)
        return document


class TestUpdatesInTwoSteps(Broken, UpdateLaws):
    storage_class = UpdatesInTwoSteps


class DeletesBeforeItWrites(ByVerb):
    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        await self._delete(namespace, identifier)
        await asyncio.sleep(0)
        await super()._set(namespace, identifier, value, expiry)


class TestDeletesBeforeItWrites(Broken, CancellationLaws):
    storage_class = DeletesBeforeItWrites


class LeavesTasksBehind(ByVerb):
    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        self.task = asyncio.ensure_future(asyncio.sleep(60))
        await super()._set(namespace, identifier, value, expiry)


class TestLeavesTasksBehind(Broken, CancellationLaws):
    storage_class = LeavesTasksBehind


class CallsDamageAbsence(ByVerb):
    async def get_state(self, identifier: str, default: Any = None) -> Any:
        try:
            return await super().get_state(identifier, default)
        except CorruptDocumentError:
            return default


class TestCallsDamageAbsence(Broken, CorruptionLaws):
    storage_class = CallsDamageAbsence


class IgnoresCase(ByVerb):
    async def _get(self, namespace: str, identifier: str) -> bytes | None:
        return await super()._get(namespace, identifier.lower())

    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        await super()._set(namespace, identifier.lower(), value, expiry)


class TestIgnoresCase(Broken, IdentifierLaws):
    storage_class = IgnoresCase


class ListsOnePageOnly(ByVerb):
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        async for page in super()._scan(namespace, prefix):
            yield page
            return


class TestListsOnePageOnly(Broken, PatternLaws):
    storage_class = ListsOnePageOnly


class JoinsNamesUnescaped(ByVerb):
    def namespace(self, name: str, **_: Any) -> BaseStorage:
        return self._view(name)


class TestJoinsNamesUnescaped(Broken, NamespaceLaws):
    storage_class = JoinsNamesUnescaped


class ClearsWhatIsInside(ByVerb):
    async def _clear(self, namespace: str) -> int:
        for path in [path for path in self._documents if path.startswith(f"{namespace}/")]:
            await super()._clear(path)
        return await super()._clear(namespace)


class TestClearsWhatIsInside(Broken, NamespaceLaws):
    storage_class = ClearsWhatIsInside


class StaysOpen(ByVerb):
    async def stop(self) -> None:
        """Do nothing."""


class TestStaysOpen(Broken, LifecycleLaws):
    storage_class = StaysOpen


class SaysMinusOne(ByVerb):
    async def get_ttl(self, identifier: str) -> float | None:
        left = await super().get_ttl(identifier)
        return -1.0 if left is None or math.isinf(left) else left


class TestSaysMinusOne(Broken, TouchLaws):
    storage_class = SaysMinusOne
