"""A namespace: the same storage behind a wall of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from botkeep._core.compat import override
from botkeep.abc import BaseStorage
from botkeep.hooks import Stored, Swap, Write

if TYPE_CHECKING:
    from botkeep.ratelimit.decisions import Decision, Limits
    from botkeep.ttl import Expiry


class NamespaceView(BaseStorage):
    """What `BaseStorage.namespace` returns: every verb, on keys that nobody outside can reach.

    It shares the storage's life: `start` and `stop` open and close the storage itself.
    """

    def __init__(self, storage: BaseStorage, namespace: str) -> None:
        # Not BaseStorage.__init__: life, clock, default ttl and mutexes are the storage's own.
        self._storage = storage
        self._namespace = namespace
        self._lifecycle = storage._lifecycle
        self._clock = storage._clock
        self._default_ttl = storage._default_ttl
        self._mutexes = storage._mutexes

    def __repr__(self) -> str:
        return f"<namespace {self._namespace!r} of {self._storage!r}>"

    @override
    async def _open(self) -> None:
        await self._storage._open()

    @override
    async def _close(self) -> None:
        await self._storage._close()

    @override
    async def _ping(self) -> None:
        await self._storage._ping()

    @override
    async def _get(self, namespace: str, identifier: str) -> bytes | None:
        return await self._storage._get(namespace, identifier)

    @override
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        return await self._storage._get_expiry(namespace, identifier)

    @override
    async def _get_many(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        return await self._storage._get_many(namespace, identifiers)

    @override
    async def _add_many(self, namespace: str, documents: Mapping[str, Stored]) -> list[bool]:
        return await self._storage._add_many(namespace, documents)

    @override
    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        await self._storage._set(namespace, identifier, value, expiry)

    @override
    async def _touch(self, namespace: str, identifier: str, expires_at: float) -> bool:
        return await self._storage._touch(namespace, identifier, expires_at)

    @override
    async def _delete(self, namespace: str, identifier: str) -> bool:
        return await self._storage._delete(namespace, identifier)

    @override
    async def _compare_and_set(
        self,
        namespace: str,
        identifier: str,
        value: bytes,
        expected: bytes | None,
        expiry: Expiry,
    ) -> Swap:
        return await self._storage._compare_and_set(namespace, identifier, value, expected, expiry)

    @override
    async def _increment(self, namespace: str, identifier: str, amount: int, expiry: Expiry) -> int:
        return await self._storage._increment(namespace, identifier, amount, expiry)

    @override
    async def _rewrite(
        self, namespace: str, identifier: str, step: Callable[[bytes | None], Write | None]
    ) -> None:
        await self._storage._rewrite(namespace, identifier, step)

    @override
    async def _hit(self, namespace: str, identifier: str, limits: Limits, cost: int) -> Decision:
        return await self._storage._hit(namespace, identifier, limits, cost)

    @override
    def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        return self._storage._scan(namespace, prefix)

    @override
    async def _namespaces(self) -> Iterable[str]:
        return await self._storage._namespaces()

    @override
    async def _clear(self, namespace: str) -> int:
        return await self._storage._clear(namespace)
