"""A storage in trouble, as tests order it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from botkeep import MemoryStorage, StorageUnavailableError

P = ParamSpec("P")
T = TypeVar("T")


def _troubled(
    hook: Callable[Concatenate[MemoryStorage, P], Awaitable[T]],
) -> Callable[Concatenate[TroubledStorage, P], Any]:
    async def troubled(self: TroubledStorage, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.is_down:
            raise StorageUnavailableError(repr(self), "down, as ordered")
        await self._answering.wait()
        return await hook(self, *args, **kwargs)

    return troubled


class TroubledStorage(MemoryStorage):
    """Memory that can be down, or not answer.

    Attributes:
        is_down: every call fails at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False
        self._answering = asyncio.Event()
        self._answering.set()

    def hang(self) -> None:
        """Let every call wait until `recover`."""
        self._answering.clear()

    def recover(self) -> None:
        """Answer again."""
        self._answering.set()

    _get = _troubled(MemoryStorage._get)
    _apply = _troubled(MemoryStorage._apply)
