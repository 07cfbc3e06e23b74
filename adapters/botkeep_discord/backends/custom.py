"""A backend of the user's own, `StorageBackend`, as a storage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from typing_extensions import override

from botkeep import OutcomeUnknownError, StorageUnavailableError
from botkeep_discord.backends.whole_state import State, StateStorage

if TYPE_CHECKING:
    from datetime import timedelta

    from botkeep.hooks import Operation
    from botkeep.ttl import Clock
    from botkeep_discord.backends.protocol import StorageBackend

P = ParamSpec("P")
T = TypeVar("T")


class BackendStorage(StateStorage):
    """Keeps every law of a storage, at the price of saving everything at each change.

    Changes that come while the backend saves are saved together.

    Args:
        backend: loaded when the storage opens; its state belongs to this storage alone from then on.
        default_ttl: as for `botkeep.MemoryStorage`.
        clock: likewise.
    """

    def __init__(
        self,
        backend: StorageBackend,
        default_ttl: float | timedelta | None = None,
        *,
        clock: Clock = time.time,
    ) -> None:
        self._backend = backend
        self._state: State = {}
        self._save_lock = asyncio.Lock()
        self._unsaved: list[asyncio.Future[None]] = []
        self._saving: asyncio.Task[None] | None = None
        super().__init__(default_ttl, clock=clock)

    def __repr__(self) -> str:
        return f"BackendStorage({self._backend!r})"

    @override
    async def _open(self) -> None:
        self._save_lock = asyncio.Lock()
        try:
            self._state = await self._backend.load_state() or {}
            await self._roll_back()
        except Exception as exc:
            raise StorageUnavailableError(repr(self), f"its state could not be loaded: {exc!r}") from exc

    @override
    async def _close(self) -> None:
        if self._saving is not None and not self._saving.get_loop().is_closed():
            await asyncio.wait([self._saving])

    def _save_soon(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._unsaved.append(future)
        if self._saving is None or self._saving.done():
            self._saving = loop.create_task(self._save_all())
        return future

    async def _save_all(self) -> None:
        while self._unsaved:
            async with self._save_lock:
                waiting, self._unsaved = self._unsaved, []
                state = await self.dump()
            try:
                await self._save(state)
            except BaseException as exc:
                await self._fail(waiting, exc)
                if not isinstance(exc, Exception):
                    raise
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def _save(self, state: State) -> None:
        if state == self._state:
            return
        try:
            kept = await self._backend.save_state(state)
        except Exception as exc:
            raise OutcomeUnknownError(repr(self), f"save_state failed: {exc!r}") from exc
        if not kept:
            raise StorageUnavailableError(repr(self), "save_state did not return True")
        self._state = state

    async def _fail(self, waiting: list[asyncio.Future[None]], error: BaseException) -> None:
        """Undo what was not saved; later changes were made to it, so that they are undone with it."""
        if not isinstance(error, Exception):
            error = OutcomeUnknownError(repr(self), "saving was cancelled")
        async with self._save_lock:
            later, self._unsaved = self._unsaved, []
            await self._roll_back()
        for future in [*waiting, *later]:
            if not future.done():
                future.set_exception(error)

    async def _roll_back(self) -> None:
        for namespace in list(await self._namespaces()):
            await super()._clear(namespace)
        await self.load(self._state)

    @override
    async def _apply(self, namespace: str, identifier: str, operation: Operation[T]) -> T:
        return await self._save_after(super()._apply, namespace, identifier, operation)

    @override
    async def _clear(self, namespace: str) -> int:
        return await self._save_after(super()._clear, namespace)

    async def _save_after(self, change: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a change returns, once the backend has saved it."""
        async with self._save_lock:
            result = await change(*args, **kwargs)
            future = self._save_soon()
        await future
        return result
