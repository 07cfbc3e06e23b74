"""What an engine implements: small hooks on bytes, which the verbs of `botkeep.abc.BaseStorage` call.

A key is a namespace and an identifier. The namespace is "" for the storage itself, else a path of names:
hooks take it as it is and keep what lies in different ones apart. "Live" is what has not expired.

A storage of your own is `_get`, `_apply`, `_scan`, `_namespaces` and `_clear`. Where Python cannot run inside
the engine's transaction, `apply_optimistically` makes `_apply` of a compare-and-swap.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from botkeep._core.operations import (
    CompareAndDelete,
    CompareAndSet,
    Delete,
    Increment,
    Operation,
    Put,
    Stored,
    Swap,
    Touch,
    expiry_of,
)
from botkeep.ttl import Expiry

__all__ = [
    "READS",
    "CompareAndDelete",
    "CompareAndSet",
    "Delete",
    "EngineWrapper",
    "Increment",
    "Operation",
    "Put",
    "StorageHooks",
    "Stored",
    "Swap",
    "Touch",
    "apply_optimistically",
]

Result = TypeVar("Result")

READS: Final = frozenset({"_get", "_get_expiry", "_get_many", "_namespaces", "_ping", "_scan"})
"""The hooks that change nothing. Any other may have happened when it fails."""


class StorageHooks(ABC):
    """The hooks of an engine; those that are not abstract have a default that serves every engine."""

    async def _open(self) -> None:
        """Connect. Called once before other hooks, and again after `_close`."""

    async def _close(self) -> None:
        """Wait for calls under way, and release what was opened; also when its event loop is gone."""

    async def _ping(self) -> None:
        """Raise if the engine cannot be reached."""

    @abstractmethod
    def _get(self, namespace: str, identifier: str) -> Awaitable[bytes | None]:
        """Return the live value; None when absent. A coroutine, or what else can be awaited once."""

    @abstractmethod
    def _apply(self, namespace: str, identifier: str, operation: Operation[Result]) -> Awaitable[Result]:
        """In one atomic step: pass the live entry and the time to the operation, store what it returns.

        The operation returns ``(entry, result)``: the entry to store, None to remove what is there, the very
        entry it was given to change nothing. What it raises is raised, and nothing is stored.
        """

    def _get_expiry(self, namespace: str, identifier: str) -> Awaitable[float | None]:
        """Return when the live value expires, in seconds on the clock, inf for never; None when absent."""
        return self._apply(namespace, identifier, expiry_of)

    async def _get_many(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        """Return many live values; an engine that can reads them in one request."""
        values = await asyncio.gather(*(self._get(namespace, identifier) for identifier in identifiers))
        expiries = await asyncio.gather(
            *(self._get_expiry(namespace, identifier) for identifier in identifiers)
        )
        return [
            None if value is None or expires_at is None else Stored(value, expires_at)
            for value, expires_at in zip(values, expiries, strict=True)
        ]

    async def _add_many(self, namespace: str, documents: Mapping[str, Stored]) -> list[bool]:
        """Store, by identifier, the values of those that are absent; return of each whether it was stored.

        Each is a step of its own. An engine that can makes them in one request.
        """
        swaps = [
            self._apply(namespace, identifier, CompareAndSet(value, None, Expiry(expires_at, keep=False)))
            for identifier, (value, expires_at) in documents.items()
        ]
        return [swap.done for swap in await asyncio.gather(*swaps)]

    @abstractmethod
    def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        """Stream, in pages, the live identifiers of exactly this namespace with the prefix, each once."""

    @abstractmethod
    async def _namespaces(self) -> Iterable[str]:
        """Return the paths of all namespaces, "" among them or not, that hold a live value."""

    @abstractmethod
    async def _clear(self, namespace: str) -> int:
        """Remove every value of exactly this namespace, wholly or not at all; count the live ones."""


async def apply_optimistically(
    load: Callable[[], Awaitable[Stored | None]],
    swap: Callable[[Stored | None, Stored | None], Awaitable[bool]],
    operation: Operation[Result],
    clock: Callable[[], float],
) -> Result:
    """Apply an operation by compare-and-swap, again until nobody has written in between.

    Args:
        load: returns the live entry; None when absent.
        swap: ``await swap(old, new)`` stores ``new`` (None: removes) if ``old`` still stands there; returns
            whether it does. Equal expiries of old and new mean that the expiry stays.
        operation: the step.
        clock: the storage's clock.
    """
    while True:
        entry = await load()
        new, result = operation(entry, clock())
        if new is entry or await swap(entry, new):
            return result


def _forwarded(hook: str) -> Any:
    def forwarded(self: EngineWrapper, *arguments: Any) -> Awaitable[Any]:
        return self._around(hook, getattr(self._wrapped, hook), *arguments)

    return forwarded


class EngineWrapper(StorageHooks):
    """An engine around another: every call passes `_around`, the one place to bound, observe or refuse it.

    ``storage.on_engine(Wrapper(storage.engine))`` is the same storage with the wrapper in front.

    Args:
        engine: the engine that does the work.
    """

    def __init__(self, engine: StorageHooks) -> None:
        self._wrapped = engine

    async def _around(
        self,
        hook: str,  # noqa: ARG002 # for those who override this
        call: Callable[..., Awaitable[Any]],
        *arguments: Any,
    ) -> Any:
        """Make a call; overridden by wrappers. Each page of a scan is a call of its own.

        Args:
            hook: the hook's name; those of `READS` change nothing.
            call: the wrapped engine's hook.
            arguments: for the call: namespace and identifier first, where the hook has them.
        """
        return await call(*arguments)

    _open = _forwarded("_open")
    _close = _forwarded("_close")
    _ping = _forwarded("_ping")
    _get = _forwarded("_get")
    _apply = _forwarded("_apply")
    _get_expiry = _forwarded("_get_expiry")
    _get_many = _forwarded("_get_many")
    _add_many = _forwarded("_add_many")
    _namespaces = _forwarded("_namespaces")
    _clear = _forwarded("_clear")

    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        pages = aiter(self._wrapped._scan(namespace, prefix))  # an engine around an engine  # noqa: SLF001 # an engine around an engine
        while True:
            try:
                page: Sequence[str] = await self._around("_scan", pages.__anext__)
            except StopAsyncIteration:
                return
            yield page
