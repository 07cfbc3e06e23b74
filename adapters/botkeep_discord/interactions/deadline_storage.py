"""A storage whose calls do not outlast an interaction's patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from botkeep import OutcomeUnknownError, StorageUnavailableError
from botkeep.hooks import READS, EngineWrapper
from botkeep_discord.interactions.scope import InteractionScope, current_scope

if TYPE_CHECKING:
    pass

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

    async def _around(self, hook: str, call: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        # A write that was given up may have happened all the same.
        error = StorageUnavailableError if hook in READS else OutcomeUnknownError
        return await in_time(call(*arguments), error, repr(self._wrapped))
