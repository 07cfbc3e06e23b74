"""A storage whose calls do not outlast an interaction's patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from typing_extensions import override

from botkeep import KEEP_TTL, OutcomeUnknownError, StorageUnavailableError
from botkeep._core.namespace import NamespaceView
from botkeep_discord.interactions.scope import InteractionScope, current_scope

if TYPE_CHECKING:
    from botkeep import BaseStorage
    from botkeep.ttl import Ttl

P = ParamSpec("P")
T = TypeVar("T")

_Hook = Callable[Concatenate[NamespaceView, P], Awaitable[T]]
_Bounded = Callable[Concatenate[NamespaceView, P], Coroutine[Any, Any, T]]


async def in_time(call: Awaitable[T], error: type[StorageUnavailableError], storage: str) -> T:
    """Await a storage's call no longer than the scope it is made in allows, and tell the scope of a failure.

    Raises:
        StorageUnavailableError: of the kind ``error``, when it took longer.
    """
    scope = current_scope()
    left = None if scope is None else scope.seconds_left()
    if scope is None or left is None:
        return await call
    try:
        return await asyncio.wait_for(call, left)
    except asyncio.TimeoutError as exc:
        scope.storage_failed()
        raise error(storage, _too_slow(scope)) from exc
    except StorageUnavailableError:
        scope.storage_failed()
        raise


def _bounded(hook: _Hook[P, T], error: type[StorageUnavailableError]) -> _Bounded[P, T]:
    async def bounded(self: NamespaceView, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await in_time(hook(self, *args, **kwargs), error, repr(self))

    return bounded


def _too_slow(scope: InteractionScope) -> str:
    return (
        f"no answer while Discord waited for {scope.interaction!r}; where the storage may be slow, "
        "call interaction.response.defer() first"
    )


def _read(hook: _Hook[P, T]) -> _Bounded[P, T]:
    return _bounded(hook, StorageUnavailableError)


def _write(hook: _Hook[P, T]) -> _Bounded[P, T]:
    # A write that was given up may have happened all the same.
    return _bounded(hook, OutcomeUnknownError)


class BoundedStorage(NamespaceView):
    """A storage as it is, except inside an interaction that has had no response yet.

    There a call that takes longer than the scope allows raises `StorageUnavailableError`, or, if it writes,
    `OutcomeUnknownError`, and the user gets an answer.
    """

    @classmethod
    def around(cls, storage: BaseStorage) -> BoundedStorage:
        """Return the same place of the same storage."""
        return cls(storage, storage._namespace)

    def _view(self, namespace: str) -> BoundedStorage:
        return BoundedStorage(self._storage, namespace)

    _get = _read(NamespaceView._get)
    _get_expiry = _read(NamespaceView._get_expiry)
    _get_many = _read(NamespaceView._get_many)
    _set = _write(NamespaceView._set)
    _touch = _write(NamespaceView._touch)
    _delete = _write(NamespaceView._delete)
    _compare_and_set = _write(NamespaceView._compare_and_set)
    _increment = _write(NamespaceView._increment)
    _hit = _write(NamespaceView._hit)
    _clear = _write(NamespaceView._clear)

    @override
    async def update(
        self,
        identifier: str,
        change: Callable[[Any], Any],
        *,
        default: Any = None,
        ttl: Ttl | None = KEEP_TTL,
    ) -> Any:
        # Its steps are bounded; so has to be the wait for others who change the same document.
        update = super().update(identifier, change, default=default, ttl=ttl)
        return await in_time(update, OutcomeUnknownError, repr(self))
