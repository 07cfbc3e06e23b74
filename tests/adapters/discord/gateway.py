"""Discord's gateway: the WebSocket over which a bot, in one or more shards, hears what happens."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web
from tests.adapters.discord import payloads
from tests.adapters.discord.payloads import Payload

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _HELLO, _HEARTBEAT_ACK = 0, 1, 2, 6, 10, 11


class Gateway:
    """The connections of one bot, by shard.

    Attributes:
        bot: the user that logs in.
        shards: the connection of each shard that has identified itself last, of those that are open.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.bot = payloads.BOT
        self.shards: dict[int, web.WebSocketResponse] = {}
        self._connected: list[tuple[int, web.WebSocketResponse]] = []
        self._on_change = on_change
        self._sequence = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/gateway/", self._connection)]

    async def send(self, event: str, data: Payload, *, shard: int = 0) -> None:
        """Tell a shard that something happened."""
        await self._dispatch(self.shards[shard], event, data)

    async def close(self) -> None:
        for socket in list(self.shards.values()):
            await socket.close()

    async def _connection(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": _HELLO, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        shard = 0
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            heard = json.loads(frame.data)
            if heard["op"] == _HEARTBEAT:
                await socket.send_json({"op": _HEARTBEAT_ACK})
            elif heard["op"] == _IDENTIFY:
                shard, count = heard["d"].get("shard", (0, 1))
                await self._welcome(socket, shard, count, str(request.url))
        if self.shards.get(shard) is socket:
            del self.shards[shard]
            earlier = [other for number, other in self._connected if number == shard and not other.closed]
            if earlier:
                self.shards[shard] = earlier[-1]
            self._on_change()
        return socket

    async def _welcome(self, socket: web.WebSocketResponse, shard: int, count: int, url: str) -> None:
        ready = {
            "v": 10,
            "user": self.bot,
            "guilds": [],
            "shard": [shard, count],
            "session_id": f"session{shard}",
            "resume_gateway_url": url.replace("http", "ws"),
            "application": {"id": str(payloads.APPLICATION), "flags": 0},
        }
        await self._dispatch(socket, "READY", ready)
        self.shards[shard] = socket
        self._connected.append((shard, socket))
        self._on_change()

    async def _dispatch(self, socket: web.WebSocketResponse, event: str, data: Any) -> None:
        await socket.send_json({"op": _DISPATCH, "s": next(self._sequence), "t": event, "d": data})
