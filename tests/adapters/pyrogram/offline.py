"""The real client, dispatcher, parsers and filters of kurigram or pyrogram, with no Telegram behind them.

Only the connection is replaced: `FakeSession` answers what the client asks at its start, and records what it
sends. A server that speaks MTProto would have to negotiate keys, and would prove nothing about a storage.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pyrogram import raw
from tests.adapters.pyrogram.payloads import BOT, from_wire, me, message, person

from botkeep_pyrogram import Client


class FakeSession:
    """In place of the connection to Telegram."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str]] = []

    async def invoke(self, query: Any, *_: Any, **__: Any) -> Any:
        while hasattr(query, "query"):
            query = query.query
        if isinstance(query, raw.functions.messages.SendMessage):
            self.sent.append((query.peer.user_id, query.message))
            return raw.types.UpdateShortSentMessage(
                id=1000 + len(self.sent), pts=1, pts_count=1, date=int(time.time()), out=True
            )
        return _ANSWERS.get(type(query), lambda _: True)(query)

    async def start(self, *_: Any) -> None:
        """Nothing to connect."""

    async def stop(self, *_: Any) -> None:
        """Nothing to disconnect."""


ACCOUNT: dict[str, Any] = {"api_id": 1, "api_hash": "x", "bot_token": "42:TEST", "in_memory": True}


class Offline:
    """Makes a client one that is logged in already, to nobody."""

    _handlers = 0

    def add_handler(self, handler: Any, group: int = 0) -> Any:
        self._handlers += 1
        return super().add_handler(handler, group)

    async def begin(self) -> None:
        """Start, and wait until all handlers are known: adding one only schedules a task."""
        await self.start()
        await self.handlers_known()

    async def handlers_known(self) -> None:
        """Wait until all handlers are known."""
        while True:
            if sum(len(group) for group in self.dispatcher.groups.values()) == self._handlers:
                return
            await asyncio.sleep(0.002)

    def forget_handlers(self) -> None:
        """Expect none: the client has stopped."""
        self._handlers = 0

    async def connect(self) -> bool:
        if getattr(self, "is_connected", False):
            raise ConnectionError("Client is already connected")
        await self.storage.open()
        await self.storage.user_id(BOT)
        await self.storage.is_bot(True)
        await self.storage.auth_key(b"\0" * 256)
        await self.storage.date(0)
        self.session: Any = FakeSession()
        self.is_connected = True
        return True

    async def disconnect(self) -> None:
        await self.storage.close()
        self.is_connected = False

    @property
    def sent(self) -> list[str]:
        """The texts that the bot sent."""
        return [text for _, text in self.session.sent]

    async def say(self, *texts: str, user: int = 7) -> None:
        """Deliver messages of one user, and wait until all that was delivered is handled."""
        await self.deliver(*(message(text, user=user) for text in texts))

    async def deliver(self, *updates: Any) -> None:
        """Deliver updates, and wait until all that was delivered is handled."""
        await asyncio.gather(*(self.handle_updates(update) for update in updates))
        await self.settled()

    async def settled(self) -> None:
        """Wait until every worker asks for the next update."""
        while True:
            queue = self.dispatcher.updates_queue
            # Workers that wait in get() are the queue's getters; there is no public count of them.
            if queue.empty() and len(queue._getters) == self.workers:
                return
            await asyncio.sleep(0.002)


class OfflineClient(Offline, Client):
    """Botkeep's client, offline."""

    def __init__(self, name: str = "test", **settings: Any) -> None:
        super().__init__(name, workers=4, **ACCOUNT, **settings)
        self.loop = asyncio.get_running_loop()


def _me_in_full(_: Any) -> Any:
    full = raw.types.UserFull(
        id=BOT,
        settings=raw.types.PeerSettings(),
        notify_settings=raw.types.PeerNotifySettings(),
        common_chats_count=0,
    )
    return raw.types.users.UserFull(full_user=full, chats=[], users=[from_wire(me())])


def _messages(query: Any) -> Any:
    # Parsing a press on a button fetches the message under which the button is.
    found = [message("panel").updates[0].message for _ in query.id]
    # kurigram's layer of the raw API has topics here, pyrogram's has not.
    topics: dict[str, Any] = {"topics": []} if "topics" in raw.types.messages.Messages.__slots__ else {}
    return raw.types.messages.Messages(messages=found, chats=[], users=[from_wire(person(7))], **topics)


_ANSWERS = {
    raw.functions.updates.GetState: lambda _: raw.types.updates.State(
        pts=1, qts=0, date=0, seq=1, unread_count=0
    ),
    raw.functions.users.GetUsers: lambda _: [from_wire(me())],
    raw.functions.users.GetFullUser: _me_in_full,
    raw.functions.messages.GetMessages: _messages,
}
