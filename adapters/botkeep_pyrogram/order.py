"""Order: a queue that gives the updates of one user to one worker at a time.

pyrogram's workers ask the dispatcher's queue for an update, run its filters and handlers to the end, and ask
again: so asking says that the last one is done. Taking turns here rather than around handlers makes the
filters part of the turn: the state that they look at is the one the last update left.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from typing_extensions import override

if TYPE_CHECKING:
    Queue = asyncio.Queue[Any]
else:
    Queue = asyncio.Queue


class OrderedUpdates(Queue):
    """Takes the place of ``client.dispatcher.updates_queue``."""

    def __init__(self) -> None:
        super().__init__()
        # Users who have a worker, each with what came for them meanwhile.
        self._waiting: dict[Hashable, deque[Any]] = {}
        self._served: WeakKeyDictionary[asyncio.Task[Any], Hashable] = WeakKeyDictionary()

    @override
    async def get(self) -> Any:
        worker = asyncio.current_task()
        assert worker is not None
        following = self._done(worker)
        if following is not None:
            return following
        while True:
            packet = await super().get()
            # None tells a worker to end.
            sender = None if packet is None else sender_of(packet[0])
            if sender is None:
                return packet
            if sender in self._waiting:
                self._waiting[sender].append(packet)
                continue
            self._waiting[sender] = deque()
            self._served[worker] = sender
            return packet

    def _done(self, worker: asyncio.Task[Any]) -> Any:
        """End the worker's turn; if more came for the same user, it goes on with that."""
        sender = self._served.get(worker)
        if sender is None:
            return None
        if self._waiting[sender]:
            return self._waiting[sender].popleft()
        del self._waiting[sender], self._served[worker]
        return None


def sender_of(update: Any) -> Hashable | None:
    """Return who an update of MTProto comes from (core.telegram.org/type/Update); None: from nobody."""
    source = getattr(update, "message", None)
    if not hasattr(source, "peer_id"):
        source = update
    for name in ("from_id", "user_id", "peer_id", "peer"):
        value = getattr(source, name, None)
        if value is not None:
            return _of_peer(value)
    return None


def _of_peer(peer: Any) -> Hashable:
    if isinstance(peer, int):
        return peer
    for name in ("user_id", "chat_id", "channel_id"):
        if hasattr(peer, name):
            number: int = getattr(peer, name)
            # A private chat's peer is its user.
            return number if name == "user_id" else (name, number)
    return None
