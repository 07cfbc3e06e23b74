"""The queue between Telegram's updates and the dispatcher's workers, and order in it.

pyrogram's workers ask the dispatcher's queue for an update, run its filters and handlers to the end, and ask
again: so asking says that the last one is done. Order is kept here rather than around handlers because the
filters are part of it: the state that they see is the one that the user's last update left.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from botkeep_pyrogram.subjects import raw_speaker_of

if TYPE_CHECKING:
    Queue = asyncio.Queue[Any]
else:
    Queue = asyncio.Queue


class Delivery:
    """One update on its way through filters and handlers.

    Attributes:
        packet: what the dispatcher handles; None tells a worker to end.
        speaker: who it is from; None: from nobody.
        album: which album it belongs to.
        results: what is known of this update: the verdicts of limits.
    """

    def __init__(self, packet: Any) -> None:
        update = None if packet is None else packet[0]
        self.packet = packet
        self.speaker = raw_speaker_of(update)
        self.album: int | None = getattr(getattr(update, "message", None), "grouped_id", None)
        self.results: dict[Hashable, Any] = {}
        self._loop = asyncio.get_running_loop()
        self._queue: UpdateQueue | None = None

    def enter(self, queue: UpdateQueue) -> None:
        """Become the update that the running worker handles."""
        self._queue = queue
        _current.set(self)

    def release(self) -> None:
        """End the order for this update: the speaker's next one is handled now.

        It may be called again, and in a thread.
        """
        queue, self._queue = self._queue, None
        if queue is not None:
            self._loop.call_soon_threadsafe(queue.release, self)


_current: Final[ContextVar[Delivery | None]] = ContextVar("botkeep_pyrogram.delivery", default=None)


def current_delivery() -> Delivery | None:
    """Return the update that the running handler, or what it has started, is about; None: there is none."""
    return _current.get()


class UpdateQueue(Queue):
    """Takes the place of ``client.dispatcher.updates_queue``; updates are handled as they come."""

    @override
    def _init(self, maxsize: int) -> None:
        self._ready: deque[Delivery] = deque()
        self._handled: dict[asyncio.Task[Any], Delivery | None] = {}

    @override
    def qsize(self) -> int:
        return len(self._ready)

    @override
    def empty(self) -> bool:
        return not self._ready

    @override
    def _put(self, item: Any) -> None:
        self._ready.append(Delivery(item))

    @override
    def _get(self) -> Any:
        return self._ready.popleft()

    @override
    async def get(self) -> Any:
        worker = asyncio.current_task()
        assert worker is not None
        if worker in self._handled:
            self._end(worker)
        else:
            worker.add_done_callback(self._end)
        self._handled[worker] = None
        delivery: Delivery = await super().get()
        self._handled[worker] = delivery
        delivery.enter(self)
        return delivery.packet

    def _end(self, worker: asyncio.Task[Any]) -> None:
        """Note that a worker is done with its update: it asks for the next one, or has ended."""
        delivery = self._handled.pop(worker)
        if delivery is not None:
            self.release(delivery)

    def release(self, delivery: Delivery) -> None:
        """Hand out the updates that wait for this one: without order, none does."""


class OrderedUpdateQueue(UpdateQueue):
    """Hands out the updates of one speaker one after another, the parts of an album together."""

    @override
    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._speakers: dict[int, _Speaker] = {}

    @override
    def _put(self, item: Any) -> None:
        if isinstance(item, Delivery):
            # It has waited long enough, and the None that ends a worker must not overtake it.
            self._ready.appendleft(item)
            return
        delivery = Delivery(item)
        speaker = delivery.speaker
        if speaker is None or self._speakers.setdefault(speaker, _Speaker()).add(delivery):
            self._ready.append(delivery)

    @override
    def release(self, delivery: Delivery) -> None:
        if delivery.speaker is None or delivery.speaker not in self._speakers:
            return
        updates = self._speakers[delivery.speaker]
        for following in reversed(updates.remove(delivery)):
            self.put_nowait(following)
        if not updates.handled:
            del self._speakers[delivery.speaker]


class _Speaker:
    """The updates of one speaker: those that are handled now, and those that wait for them."""

    def __init__(self) -> None:
        self.handled: list[Delivery] = []
        self._waiting: deque[Delivery] = deque()

    def add(self, delivery: Delivery) -> bool:
        """Take one in; False: it has to wait."""
        # The handler of an album's first part may wait for the others.
        album = self.handled[0].album if self.handled else delivery.album
        if self.handled and (album is None or delivery.album != album):
            self._waiting.append(delivery)
            return False
        self.handled.append(delivery)
        return True

    def remove(self, delivery: Delivery) -> list[Delivery]:
        """Take one out that is handled; return those that follow it."""
        if delivery not in self.handled:
            return []
        self.handled.remove(delivery)
        if self.handled:
            return []
        waiting, self._waiting = self._waiting, deque()
        return [following for following in waiting if self.add(following)]
