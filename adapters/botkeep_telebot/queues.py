"""Work for threads, one dialogue's in the order it came: it waits here, not in the threads."""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import NamedTuple


class _Work(NamedTuple):
    album: str | None
    run: Callable[[], None]


class _Queue:
    """What is running of one dialogue, and what waits for it.

    Attributes:
        album: the album that is running; None: something else is.
        running: how many are.
        waiting: what came after.
    """

    def __init__(self) -> None:
        self.album: str | None = None
        self.running = 0
        self.waiting: deque[_Work] = deque()


class DialogueQueues:
    """Hands work on as soon as that before it is done; photos of one album together.

    Args:
        submit: takes a function, to call it on some thread.
    """

    def __init__(self, submit: Callable[[Callable[[], None]], object]) -> None:
        self._submit = submit
        self._queues: dict[Hashable, _Queue] = {}
        self._running = 0
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)

    def put(self, key: Hashable | None, album: str | None, run: Callable[[], None]) -> None:
        """Take work.

        Args:
            key: its dialogue; None: it waits for nothing.
            album: its album; None: it is alone.
            run: the work itself.
        """
        with self._lock:
            self._running += 1
            if key is None:
                ready = [_Work(album, run)]
            else:
                queue = self._queues.setdefault(key, _Queue())
                queue.waiting.append(_Work(album, run))
                ready = _next(queue)
        self._start(key, ready)

    def drain(self, seconds: float) -> bool:
        """Wait until everything is done; False: it is not, after so many seconds."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._running, seconds)

    def _start(self, key: Hashable | None, ready: list[_Work]) -> None:
        for work in ready:
            self._submit(functools.partial(self._run, key, work.run))

    def _run(self, key: Hashable | None, run: Callable[[], None]) -> None:
        try:
            run()
        finally:
            self._start(key, self._done(key))

    def _done(self, key: Hashable | None) -> list[_Work]:
        with self._idle:
            self._running -= 1
            if not self._running:
                self._idle.notify_all()
            if key is None:
                return []
            queue = self._queues[key]
            queue.running -= 1
            ready = _next(queue)
            if not queue.running:
                del self._queues[key]
            return ready


def _next(queue: _Queue) -> list[_Work]:
    """Take what may run now, and count it as running."""
    ready = []
    while queue.waiting:
        work = queue.waiting[0]
        together = work.album is not None and work.album == queue.album
        if queue.running and not together:
            break
        ready.append(queue.waiting.popleft())
        queue.album = work.album
        queue.running += 1
    return ready
