"""A private event loop on a thread of its own, for bots that have none."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import Any, TypeVar

from botkeep import BaseStorage, BotkeepError, StorageClosedError

T = TypeVar("T")


class BackgroundLoop:
    """Where the calls of one storage run; handlers on any thread wait for their answers."""

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage
        self._loop = asyncio.new_event_loop()
        self._closed = False
        # A daemon: a bot that ends by an exception must not hang. What was acknowledged is in the storage.
        self._thread = threading.Thread(target=self._loop.run_forever, name="botkeep-telebot", daemon=True)
        self._thread.start()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Run a call to its end and return what it returns, or raise what it raises."""
        return self._started(call).result()

    @contextmanager
    def inside(self, block: AbstractAsyncContextManager[object]) -> Iterator[None]:
        """Keep an ``async with`` block open on the loop while the ``with`` block runs on this thread."""
        entered: Future[None] = Future()
        leave = asyncio.Event()

        async def hold() -> None:
            async with block:
                entered.set_result(None)
                await leave.wait()

        held = self._started(hold())
        wait([entered, held], return_when=FIRST_COMPLETED)
        if not entered.done():
            held.result()
        try:
            yield
        except BaseException:
            # The body's own error is the one to be told.
            with suppress(BotkeepError):
                self._left(held, leave)
            raise
        self._left(held, leave)

    def _left(self, held: Future[None], leave: asyncio.Event) -> None:
        self._loop.call_soon_threadsafe(leave.set)
        held.result()

    def _started(self, call: Coroutine[Any, Any, T]) -> Future[T]:
        if self._closed:
            call.close()
            raise StorageClosedError(repr(self._storage))
        return asyncio.run_coroutine_threadsafe(call, self._loop)

    def close(self) -> None:
        """Stop the storage, then the loop."""
        if not self._closed:
            self.run(self._storage.stop())
            self._closed = True
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


_loops: dict[BaseStorage, BackgroundLoop] = {}
_making = threading.Lock()


def loop_of(storage: BaseStorage) -> BackgroundLoop:
    """Return the loop that serves this storage, the same one for all who ask, until `close_loop_of`."""
    with _making:
        if storage not in _loops:
            _loops[storage] = BackgroundLoop(storage)
        return _loops[storage]


def close_loop_of(storage: BaseStorage) -> None:
    """Stop a storage and the loop that serves it; whoever asks again gets a new one."""
    with _making:
        loop = _loops.pop(storage, None)
    if loop is not None:
        loop.close()


@atexit.register
def _close_all() -> None:
    for storage in list(_loops):
        close_loop_of(storage)
