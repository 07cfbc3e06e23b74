"""A Telegram Bot API server on this machine: real HTTP and real long polling, for bots under test.

It knows what a dialogue needs (core.telegram.org/bots/api): getMe, getUpdates with offset and timeout,
sendMessage, answerCallbackQuery; any other method answers True. Everything else about a bot is real.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web
from tests.adapters.botapi import updates

if TYPE_CHECKING:
    from typing_extensions import Self

LONGEST_POLL = 0.5
"""Seconds that getUpdates waits at most: a stopping bot is not kept waiting in its tests."""


class BotAPI:
    """One server for any number of bots, told apart by token: ``42:TEST`` is the bot with id 42.

    Attributes:
        url: where it listens, once entered.
        calls: (bot id, method, parameters) of every call but getUpdates, in order.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[int, str, dict[str, Any]]] = []
        self._pending: dict[int, list[dict[str, Any]]] = {}
        self._news = asyncio.Condition()
        self._message_id = 1000

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._runner.cleanup()

    async def push(self, *news: dict[str, Any], bot: int = 42) -> None:
        """Deliver updates, made by `tests.adapters.botapi.updates`, to a bot."""
        async with self._news:
            self._pending.setdefault(bot, []).extend(news)
            self._news.notify_all()

    async def say(self, *texts: str, user: int = 7, chat: int | None = None, bot: int = 42) -> None:
        """Deliver text messages of one user."""
        await self.push(*(updates.message(text, user=user, chat=chat) for text in texts), bot=bot)

    def sent(self, *, chat: int | None = None, bot: int | None = None) -> list[str]:
        """The texts that bots sent, in order."""
        return [
            parameters["text"]
            for sender, method, parameters in self.calls
            if method == "sendmessage"
            and (chat is None or int(parameters["chat_id"]) == chat)
            and (bot is None or sender == bot)
        ]

    async def until(self, condition: Callable[[], bool], *, timeout: float = 60) -> None:
        """Wait until something that the bots do has made the condition true."""
        try:
            async with self._news:
                await asyncio.wait_for(self._news.wait_for(condition), timeout)
        except asyncio.TimeoutError:
            raise AssertionError(f"not within {timeout} s; the bots sent {self.sent()}") from None

    async def _handle(self, request: web.Request) -> web.Response:
        bot = int(request.match_info["token"].partition(":")[0])
        method = request.match_info["method"].lower()
        parameters = await _parameters(request)
        if method == "getupdates":
            return _answer(await self._updates(bot, parameters))
        async with self._news:
            self.calls.append((bot, method, parameters))
            self._news.notify_all()
        if method == "getme":
            return _answer({"id": bot, "is_bot": True, "first_name": "Bot", "username": f"bot_{bot}_bot"})
        if method == "sendmessage":
            self._message_id += 1
            return _answer(updates.sent_message(self._message_id, bot, parameters))
        return _answer(True)

    async def _updates(self, bot: int, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        offset = int(parameters.get("offset") or 0)
        patience = min(float(parameters.get("timeout") or 0), LONGEST_POLL)
        deadline = time.monotonic() + patience
        async with self._news:
            # An offset acknowledges all updates before it.
            self._pending[bot] = [news for news in self._pending.get(bot, []) if news["update_id"] >= offset]
            while not self._pending[bot] and (left := deadline - time.monotonic()) > 0:
                try:
                    await asyncio.wait_for(self._news.wait(), left)
                except asyncio.TimeoutError:
                    break
            return [news for news in self._pending[bot] if news["update_id"] >= offset][:100]


async def _parameters(request: web.Request) -> dict[str, Any]:
    parameters: dict[str, Any] = dict(request.query)
    if not request.can_read_body:
        return parameters
    if request.content_type == "application/json":
        parameters.update(await request.json())
    elif request.content_type == "application/x-www-form-urlencoded":
        # pyTelegramBotAPI sends GET with a form body, which aiohttp's own post() ignores.
        parameters.update(parse_qsl(await request.text()))
    else:
        parameters.update(await request.post())
    return parameters


def _answer(result: object) -> web.Response:
    return web.json_response({"ok": True, "result": result})
