"""A backend of the user's own, `StorageBackend`, as a storage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from holdfast import MemoryStorage, OutcomeUnknownError, StorageUnavailableError
from holdfast_discord.whole_state import State, StateStorage

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from holdfast_discord.backends import StorageBackend

P = ParamSpec("P")
T = TypeVar("T")


def _saved(
    hook: Callable[Concatenate[MemoryStorage, P], Awaitable[T]],
) -> Callable[Concatenate[BackendStorage, P], Coroutine[Any, Any, T]]:
    """Let the hook return once the backend has saved what it did; undo it if the backend did not."""

    async def saved(self: BackendStorage, /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._turn:
            result = await hook(self, *args, **kwargs)
            await self._save()
        return result

    return saved


class BackendStorage(StateStorage):
    """Keeps every law of a storage, at the price of saving everything at each change.

    Args:
        backend: loaded when the storage opens; its state belongs to this storage alone from then on.
    """

    def __init__(self, backend: StorageBackend) -> None:
        self._backend = backend
        self._state: State = {}
        self._turn = asyncio.Lock()
        super().__init__()

    def __repr__(self) -> str:
        return f"BackendStorage({self._backend!r})"

    async def _open(self) -> None:
        try:
            self._state = await self._backend.load_state() or {}
            await self._roll_back()
        except Exception as exc:
            raise StorageUnavailableError(repr(self), f"its state could not be loaded: {exc!r}") from exc

    async def _save(self) -> None:
        state = await self.whole()
        if state == self._state:
            return
        try:
            kept = await self._backend.save_state(state)
        except BaseException as exc:
            await self._roll_back()
            if not isinstance(exc, Exception):
                raise
            raise OutcomeUnknownError(repr(self), f"save_state failed: {exc!r}") from exc
        if not kept:
            await self._roll_back()
            raise StorageUnavailableError(repr(self), "save_state did not return True")
        self._state = state

    async def _roll_back(self) -> None:
        for namespace in list(await self._namespaces()):
            await MemoryStorage._clear(self, namespace)
        await self.fill(self._state)

    _set = _saved(MemoryStorage._set)
    _touch = _saved(MemoryStorage._touch)
    _delete = _saved(MemoryStorage._delete)
    _compare_and_set = _saved(MemoryStorage._compare_and_set)
    _increment = _saved(MemoryStorage._increment)
    _hit = _saved(MemoryStorage._hit)
    _clear = _saved(MemoryStorage._clear)
