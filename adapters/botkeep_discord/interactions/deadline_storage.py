"""A storage whose calls take no longer than Discord waits for the response to an interaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import override

from botkeep import KEEP_TTL, OutcomeUnknownError, StorageUnavailableError
from botkeep.abc import NamespaceView
from botkeep.hooks import READS, EngineWrapper
from botkeep_discord.interactions.scope import InteractionScope, current_scope

if TYPE_CHECKING:
    from botkeep import BaseStorage
    from botkeep.ttl import Ttl

T = TypeVar("T")


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


def _too_slow(scope: InteractionScope) -> str:
    return (
        f"no answer while Discord waited for {scope.interaction!r}; where the storage may be slow, "
        "call interaction.response.defer() first"
    )


class DeadlineEngine(EngineWrapper):
    """An engine as it is, except inside an interaction that has had no response yet.

    There a call that takes longer than the scope allows raises `StorageUnavailableError`, or, if it may have
    written, `OutcomeUnknownError`, and the user gets an answer.
    """

    @override
    async def _around(self, hook: str, call: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        # A write that was given up may have happened all the same.
        error = StorageUnavailableError if hook in READS else OutcomeUnknownError
        return await in_time(call(*arguments), error, repr(self._wrapped))


class DeadlineStorage(NamespaceView):
    """A storage on a `DeadlineEngine`.

    Args:
        storage: the storage; or a namespace of it, which this is then a view of.
        path: of another namespace; None: the storage's own.
    """

    def __init__(self, storage: BaseStorage, path: str | None = None) -> None:
        engine = storage.engine if isinstance(storage, DeadlineStorage) else DeadlineEngine(storage.engine)
        _, own_path = storage.lock_scope
        super().__init__(storage, engine, own_path if path is None else path)

    @override
    def _view(self, namespace: str) -> NamespaceView:
        return DeadlineStorage(self, namespace)

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
