"""A storage in trouble on command: slow, down, silent, or losing its replies.

.. code-block:: python

    from botkeep import MemoryStorage, StorageUnavailableError
    from botkeep.testing.storage_faults import FaultyEngine

    faults = FaultyEngine(MemoryStorage())
    storage = faults.storage
    faults.fail(times=1)
    try:
        await storage.get_state("order")
    except StorageUnavailableError:
        pass
    assert await storage.get_state("order") is None
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from botkeep._core.compat import override
from botkeep.errors import OutcomeUnknownError, StorageUnavailableError
from botkeep.hooks import READS, EngineWrapper

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage

_ALWAYS_WELL = frozenset({"_open", "_close"})


class FaultyEngine(EngineWrapper):
    """An engine around that of a real storage, whose calls fail as they are told.

    Args:
        storage: the real one.

    Attributes:
        storage: the same documents, through this engine.
        calls: the hooks that were called so far, by name.
    """

    def __init__(self, storage: BaseStorage) -> None:
        super().__init__(storage.engine)
        self.storage: BaseStorage = storage.on_engine(self)
        self.calls: list[str] = []
        self._name = repr(storage)
        self._failures = 0.0
        self._lost_replies = 0.0
        self._seconds = 0.0
        self._answering = asyncio.Event()
        self._answering.set()

    def fail(self, times: float = float("inf")) -> None:
        """Make so many calls fail, before they do anything, with `StorageUnavailableError`."""
        self._failures = times

    def lose_replies(self, times: float = float("inf")) -> None:
        """Make so many writes happen and fail all the same, with `OutcomeUnknownError`."""
        self._lost_replies = times

    def delay(self, seconds: float) -> None:
        """Make every call take so much longer."""
        self._seconds = seconds

    def hang(self) -> None:
        """Keep every call waiting until `heal`."""
        self._answering.clear()

    def heal(self) -> None:
        """End all of it."""
        self._failures = self._lost_replies = self._seconds = 0.0
        self._answering.set()

    @override
    async def _around(self, hook: str, call: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        if hook in _ALWAYS_WELL:
            return await call(*arguments)
        self.calls.append(hook)
        await self._answering.wait()
        await asyncio.sleep(self._seconds)
        if self._failures > 0:
            self._failures -= 1
            raise StorageUnavailableError(self._name, "unplugged by the test")
        result = await call(*arguments)
        if hook not in READS and self._lost_replies > 0:
            self._lost_replies -= 1
            raise OutcomeUnknownError(self._name, "the test lost the reply")
        return result
