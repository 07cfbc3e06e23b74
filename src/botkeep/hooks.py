"""What an engine implements: small hooks on bytes, which the verbs of `botkeep.abc.BaseStorage` call.

A key is a namespace and an identifier. The namespace is "" for the storage itself, else a path of names:
hooks take it as it is and keep what lies in different ones apart. "Live" is what has not expired.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from botkeep.ttl import Expiry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence


class Swap(NamedTuple):
    """What a compare-and-set came to.

    Attributes:
        done: the new value is in place.
        found: the bytes that stood there instead of the expected ones; None: there was no document.
    """

    done: bool
    found: bytes | None


class Stored(NamedTuple):
    """A live value and when it expires.

    Attributes:
        value: the encoded document.
        expires_at: seconds on the storage's clock; ``math.inf``: never.
    """

    value: bytes
    expires_at: float


class Write(NamedTuple):
    """What a step wants written.

    Attributes:
        value: the bytes.
        expiry: when they are gone.
    """

    value: bytes
    expiry: Expiry


class StorageHooks(ABC):
    """The hooks; those that are not abstract have a default that serves every engine."""

    async def _open(self) -> None:
        """Connect. Called once before other hooks, and again after `_close`."""

    async def _close(self) -> None:
        """Let calls under way end, and release what was opened; also when its event loop is gone."""

    async def _ping(self) -> None:
        """Raise if the engine cannot be reached."""

    @abstractmethod
    async def _get(self, namespace: str, identifier: str) -> bytes | None:
        """Return the live value; None when absent."""

    @abstractmethod
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        """Return when the live value expires, in seconds on the clock, inf for never; None when absent."""

    async def _get_many(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        """Return many live values; an engine that can reads them in one go."""
        values = await asyncio.gather(*(self._get(namespace, identifier) for identifier in identifiers))
        expiries = await asyncio.gather(
            *(self._get_expiry(namespace, identifier) for identifier in identifiers)
        )
        return [
            None if value is None or expires_at is None else Stored(value, expires_at)
            for value, expires_at in zip(values, expiries, strict=True)
        ]

    async def _add_many(self, namespace: str, documents: Mapping[str, Stored]) -> list[bool]:
        """Store, by identifier, the values of those that are absent; tell of each whether it was stored.

        Each is a step of its own. An engine that can makes them in one go.
        """
        swaps = [
            self._compare_and_set(namespace, identifier, value, None, Expiry(expires_at, keep=False))
            for identifier, (value, expires_at) in documents.items()
        ]
        return [swap.done for swap in await asyncio.gather(*swaps)]

    @abstractmethod
    async def _set(self, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
        """Store the value; with ``expiry.keep`` a live value's expiry stays."""

    @abstractmethod
    async def _touch(self, namespace: str, identifier: str, expires_at: float) -> bool:
        """Set the expiry of a live value; False when absent."""

    @abstractmethod
    async def _delete(self, namespace: str, identifier: str) -> bool:
        """Remove the value; False when absent."""

    @abstractmethod
    async def _compare_and_set(
        self, namespace: str, identifier: str, value: bytes, expected: bytes | None, expiry: Expiry
    ) -> Swap:
        """In one atomic step: store the value if the live bytes are the expected ones (None: absent)."""

    @abstractmethod
    async def _increment(self, namespace: str, identifier: str, amount: int, expiry: Expiry) -> int:
        """In one atomic step: add to the live value, a JSON integer, absent counting as 0."""

    @abstractmethod
    def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        """Stream, in pages, the live identifiers of exactly this namespace with the prefix, each once."""

    @abstractmethod
    async def _namespaces(self) -> Iterable[str]:
        """Return the paths of all namespaces, "" among them or not, that hold a live value."""

    @abstractmethod
    async def _clear(self, namespace: str) -> int:
        """Remove every value of exactly this namespace, wholly or not at all; count the live ones."""
