"""For bots that stay on kurigram-addons 0.5.1: its storage interface, on any Botkeep storage."""

from __future__ import annotations

from typing import Any

# kurigram_addons has to come first, or pyrogram_patch warns that it was imported the old way.
import kurigram_addons  # type: ignore[import-untyped] # noqa: F401 # it ships no types
from pyrogram_patch.fsm.base_storage import BaseStorage as AddonsStorage  # type: ignore[import-untyped] # likewise
from typing_extensions import override

from botkeep import NO_TTL, BaseStorage
from botkeep.abc import check_storage
from botkeep.sharing import start_for, stop_for


class KurigramAddonsStorage(AddonsStorage):  # type: ignore[misc] # its base has no types
    """The verbs as kurigram-addons calls them.

    A ttl of 0 is none, None the storage's default; ``expected_state=`` is the old name of ``expected=``.
    """

    def __init__(self, storage: BaseStorage) -> None:
        check_storage(storage)
        self._storage = storage

    @override
    async def start(self) -> None:
        await start_for(self._storage, self)

    @override
    async def stop(self) -> None:
        await stop_for(self._storage, self)

    @override
    async def health(self) -> bool:
        return await self._storage.health()

    @override
    async def get_state(self, identifier: str) -> Any:
        return await self._storage.get_state(identifier)

    @override
    async def set_state(self, identifier: str, state: Any, *, ttl: float | None = None) -> None:
        await self._storage.set_state(identifier, state, ttl=_ttl(ttl))

    @override
    async def delete_state(self, identifier: str) -> bool:
        return await self._storage.delete_state(identifier)

    @override
    async def compare_and_set(
        self,
        identifier: str,
        new_state: Any,
        *,
        expected_state: Any = None,
        expected: Any = None,
        ttl: float | None = None,
    ) -> bool:
        old = expected_state if expected is None else expected
        return await self._storage.compare_and_set(identifier, new_state, expected=old, ttl=_ttl(ttl))

    @override
    async def increment(self, identifier: str, amount: int = 1, *, ttl: float | None = None) -> int:
        return await self._storage.increment(identifier, amount, ttl=_ttl(ttl))

    @override
    async def list_keys(self, pattern: str = "*") -> list[str]:
        return await self._storage.list_keys(pattern)

    @override
    async def clear_namespace(self) -> int:
        return await self._storage.clear_namespace()


def _ttl(ttl: float | None) -> Any:
    return NO_TTL if ttl == 0 else ttl
