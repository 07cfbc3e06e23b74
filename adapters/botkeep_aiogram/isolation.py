"""aiogram's event isolation: order, within one process or among several."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Final, NamedTuple

from aiogram.fsm.storage.base import BaseEventIsolation, StorageKey
from typing_extensions import override

from botkeep import BaseStorage
from botkeep.fsm import AlbumOrdering
from botkeep_aiogram.storage import state_key


class _Arrival(NamedTuple):
    album: str | None
    ordered: bool


_arrival: Final[ContextVar[_Arrival | None]] = ContextVar("botkeep_aiogram.arrival", default=None)


@contextmanager
def arriving(album: str | None, *, ordered: bool) -> Iterator[None]:
    """Tell the next `BotkeepEventIsolation.lock` about the update that it is taken for.

    aiogram hands an isolation the key alone.

    Args:
        album: the ``media_group_id``; None: it belongs to no album.
        ordered: False: it waits for nobody.
    """
    token = _arrival.set(_Arrival(album, ordered))
    try:
        yield
    finally:
        _arrival.reset(token)


class BotkeepEventIsolation(BaseEventIsolation):
    """Handlers of one key run one after another, in the order their updates came; of others meanwhile.

    With `setup_botkeep` the photos of one album are handled together, and ``ordered`` is asked.

    Args:
        storage: None: among the tasks of this process. With a storage: among all processes that use it.
    """

    def __init__(self, storage: BaseStorage | None = None) -> None:
        self._ordering = AlbumOrdering(storage)

    @override
    def lock(  # type: ignore[override] # aiogram says which class, and uses it as a context manager alone
        self, key: StorageKey
    ) -> AbstractAsyncContextManager[object]:
        arrival = _arrival.get()
        if arrival is None:
            return self._ordering.of(state_key(key))
        # It is told for one lock: what the handler locks itself is another matter.
        _arrival.set(None)
        return self._ordering.of(state_key(key), arrival.album) if arrival.ordered else nullcontext()

    @override
    async def close(self) -> None:
        """Nothing to do: locks end with their handlers, and the storage has its own owner."""
