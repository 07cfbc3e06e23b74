"""Discord's REST interface, as much of it as a bot with views calls, with faults to order."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import discord
from aiohttp import web
from tests.adapters.discord import payloads
from tests.adapters.discord.payloads import CHANNEL, Payload

PREFIX = "/api/v10"
HANG = 0
"""The status of a fault that never answers."""

_EPHEMERAL = 64
_DEFERRED = 5


class Call(NamedTuple):
    method: str
    path: str
    body: Any


class Rest:
    """Channels and messages, and every call that was made.

    Attributes:
        calls: in the order of arrival.
        bot: the user that logs in.
        guilds: those of the bot.
        delay: seconds that each answer takes.
        busiest: how many calls were under way at the same time, at most.
        faults: the status (or `HANG`) to answer with, by method and path, a regular expression.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.calls: list[Call] = []
        self.channels: dict[int, Payload] = {CHANNEL: payloads.direct_channel(CHANNEL)}
        self.messages: dict[int, Payload] = {}
        self.bot = payloads.BOT
        self.guilds: list[Payload] = []
        self.delay = 0.0
        self.busiest = 0
        self.faults: dict[str, int] = {}
        # An id says when it was made, and an interaction of long ago counts as expired.
        self.identifiers = itertools.count(discord.utils.time_snowflake(discord.utils.utcnow()))
        self._answers: dict[str, asyncio.Future[Payload]] = {}
        self._ephemeral: set[str] = set()
        self._under_way = 0
        self._on_change = on_change
        self._released = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", PREFIX + "/{rest:.*}", self._handle)]

    def release(self) -> None:
        """Let the calls that hang end."""
        self._released.set()

    def add_message(self, identifier: int, channel: int = CHANNEL) -> Payload:
        """Have a message that some earlier run of the bot sent."""
        self.messages[identifier] = payloads.message(identifier, channel)
        return self.messages[identifier]

    def fail(self, call: str, status: int) -> None:
        """Answer ``call``, as in ``GET /channels/1``, with a status from now on."""
        self.faults[call] = status

    def answer_to(self, interaction: str) -> asyncio.Future[Payload]:
        """Return what the bot answers first to an interaction."""
        return self._answers.setdefault(interaction, asyncio.get_running_loop().create_future())

    def made(self, call: str) -> list[Call]:
        """Return the calls that match, as in ``PATCH /channels/.*``."""
        return [made for made in self.calls if re.fullmatch(call, f"{made.method} {made.path}")]

    async def _handle(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(PREFIX)
        body = await request.json() if request.can_read_body else None
        self.calls.append(Call(request.method, path, body))
        self._on_change()
        self._under_way += 1
        self.busiest = max(self.busiest, self._under_way)
        try:
            await asyncio.sleep(self.delay)
            return await self._answer(f"{request.method} {path}", body)
        finally:
            self._under_way -= 1
            self._on_change()

    async def _answer(self, call: str, body: Any) -> web.Response:
        for faulty, status in self.faults.items():
            if re.fullmatch(faulty, call):
                if status == HANG:
                    await self._released.wait()
                return _json({"code": 0, "message": "as ordered"}, status or 503)
        for pattern, answer in _ANSWERS.items():
            if found := re.fullmatch(pattern, call):
                return answer(self, *found.groups(), **({"body": body} if body is not None else {}))
        return _json({})

    def _channel(self, channel: str) -> web.Response:
        found = self.channels.get(int(channel))
        return _json(found) if found else _json({"code": 10003, "message": "Unknown Channel"}, 404)

    def _message(self, _: str, message: str) -> web.Response:
        found = self.messages.get(int(message))
        return _json(found) if found else _json({"code": 10008, "message": "Unknown Message"}, 404)

    def _send(self, channel: str, body: Payload) -> web.Response:
        return _json(self._stored(int(channel), body))

    def _edit(self, channel: str, message: str, body: Payload) -> web.Response:
        if int(message) in self.messages:
            self.messages[int(message)].update({name: value or [] for name, value in body.items()})
        return self._message(channel, message)

    def _delete(self, channel: str, message: str) -> web.Response:
        answer = self._message(channel, message)
        self.messages.pop(int(message), None)
        return answer if answer.status == 404 else web.Response(status=204)

    def _respond(self, interaction: str, body: Payload) -> web.Response:
        if body["type"] == _DEFERRED and (body.get("data") or {}).get("flags"):
            self._ephemeral.add(f"token{interaction}")
        resource: Payload = {"type": body["type"]}
        response: Payload = {"id": interaction, "type": 3}
        answer = self.answer_to(interaction)
        if answer.done():
            return _json({"code": 40060, "message": "Interaction has already been acknowledged."}, 400)
        answer.set_result(body)
        if body["type"] == 4:
            resource["message"] = self._stored(CHANNEL, body["data"])
            response["response_message_id"] = resource["message"]["id"]
        return _json({"interaction": response, "resource": resource})

    def _follow_up(self, token: str, body: Payload) -> web.Response:
        if token in self._ephemeral:
            # The first message after a deferral is as the deferral said, whatever it says itself.
            self._ephemeral.discard(token)
            body = {**body, "flags": _EPHEMERAL}
        return _json(self._stored(CHANNEL, body))

    def _edit_original(self, body: Payload) -> web.Response:
        return _json(payloads.message(1, CHANNEL, body))

    def _stored(self, channel: int, body: Payload) -> Payload:
        message = payloads.message(next(self.identifiers), channel, body)
        if not message["flags"] & _EPHEMERAL:
            self.messages[int(message["id"])] = message
        return message


def _json(body: Any, status: int = 200) -> web.Response:
    # The library reads JSON only from exactly this content type. Without limits in the headers it takes each
    # route for one that allows a single call at a time.
    headers = {
        "content-type": "application/json",
        "X-Ratelimit-Limit": "1000",
        "X-Ratelimit-Remaining": "999",
        "X-Ratelimit-Reset-After": "1",
    }
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)


_MESSAGE = r"/channels/(\d+)/messages/(\d+)"
_ANSWERS: dict[str, Callable[..., web.Response]] = {
    r"GET /users/@me": lambda rest: _json(rest.bot),
    r"GET /oauth2/applications/@me": lambda _: _json(payloads.application()),
    r"POST /users/@me/channels": lambda _, body: _json(payloads.direct_channel(CHANNEL)),  # noqa: ARG005
    r"GET /channels/(\d+)": Rest._channel,
    rf"GET {_MESSAGE}": Rest._message,
    rf"PATCH {_MESSAGE}": Rest._edit,
    rf"DELETE {_MESSAGE}": Rest._delete,
    r"POST /channels/(\d+)/messages": Rest._send,
    r"POST /interactions/(\d+)/\w+/callback": Rest._respond,
    r"POST /webhooks/\d+/(\w+)": Rest._follow_up,
    r"PATCH /webhooks/\d+/\w+/messages/@original": Rest._edit_original,
    r"GET /users/@me/guilds": lambda rest: _json(rest.guilds),
}
