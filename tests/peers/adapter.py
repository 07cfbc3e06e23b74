"""The verbs of `BaseStorage` on a storage of kurigram-addons: a thin mapping, generous where names differ.

What its storages do not have is "not offered", and is not emulated. Its errors count as ours where they say
the same, and its listings are sorted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyrogram_patch.errors import FSMContextError  # type: ignore[import-untyped] # it ships no types
from pyrogram_patch.fsm.base_storage import BaseStorage  # type: ignore[import-untyped] # see above
from typing_extensions import Self

from botkeep.errors import CorruptDocumentError, DocumentError, StorageClosedError
from botkeep.ttl import KEEP_TTL, NO_TTL


class NotOfferedError(AttributeError):
    """The peer has no such verb or option."""


def _seconds(ttl: Any) -> Any:
    if ttl is KEEP_TTL:
        raise NotOfferedError("KEEP_TTL")
    return 0 if ttl is NO_TTL else ttl


class Adapter:
    """A storage of kurigram-addons, spoken to as one of ours.

    Args:
        peer: its storage.
        opens_itself: start it with the first use, for the second storage object of a law about two of them.
    """

    def __init__(self, peer: BaseStorage, *, opens_itself: bool = False) -> None:
        self._peer = peer
        self._to_open = opens_itself
        self._opening: asyncio.Future[None] | None = None

    def __getattr__(self, name: str) -> Any:
        raise NotOfferedError(name)

    async def get_state(self, identifier: str, default: Any = None) -> Any:
        with self._errors(identifier):
            found = await (await self._open()).get_state(identifier)
        return default if found is None else found

    async def set_state(self, identifier: str, state: Any, *, ttl: Any = None) -> None:
        with self._errors(identifier, writing=True):
            await (await self._open()).set_state(identifier, state, ttl=_seconds(ttl))

    async def delete_state(self, identifier: str) -> Any:
        with self._errors(identifier):
            return await (await self._open()).delete_state(identifier)

    async def compare_and_set(
        self, identifier: str, new_state: Any, *, expected: Any, ttl: Any = None
    ) -> Any:
        with self._errors(identifier, writing=True):
            return await (await self._open()).compare_and_set(
                identifier, new_state, expected_state=expected, ttl=_seconds(ttl)
            )

    async def increment(
        self, identifier: str, amount: int = 1, *, ttl: Any = None, renew: bool = True
    ) -> Any:
        if not renew:
            raise NotOfferedError("renew=False")
        with self._errors(identifier):
            return await (await self._open()).increment(identifier, amount, ttl=_seconds(ttl))

    async def list_keys(self, pattern: str = "*") -> list[str]:
        with self._errors(pattern):
            return sorted(await (await self._open()).list_keys(pattern))

    async def clear_namespace(self) -> Any:
        with self._errors(""):
            return await (await self._open()).clear_namespace()

    async def health(self) -> Any:
        return await self._peer.health()

    async def start(self) -> None:
        await self._peer.start()

    async def stop(self) -> None:
        await self._peer.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _open(self) -> BaseStorage:
        if self._to_open:
            self._opening = self._opening or asyncio.ensure_future(self._peer.start())
            await asyncio.shield(self._opening)
        return self._peer

    @contextmanager
    def _errors(self, identifier: str, *, writing: bool = False) -> Iterator[None]:
        try:
            yield
        except FSMContextError as exc:
            if "not started" in str(exc):
                raise StorageClosedError(repr(self)) from exc
            raise CorruptDocumentError(identifier, str(exc)) from exc
        except (TypeError, ValueError) as exc:
            if writing and "JSON" in str(exc):
                raise DocumentError("", str(exc)) from exc
            raise
