"""The laws of an adapter, kept by bots of discord.py on this machine's Discord."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discord
import pytest
from tests.adapters.discord import payloads
from tests.adapters.discord.bots import Bot, running
from tests.adapters.discord.server import DiscordServer
from typing_extensions import override

from botkeep import BaseStorage, SQLiteStorage, storage_at
from botkeep.testing import AdapterContract
from botkeep.testing.adapter_hooks import Message, Script
from botkeep_discord import fsm_context, rate_limit

if TYPE_CHECKING:
    from tests.servers.redis_server import RedisServer


class ScriptedBot(Bot):
    """Hands each text message to a script; counts those that were handled.

    Attributes:
        errors: what reached ``on_error``.
        handled: how many messages were handled, whatever came of it.
    """

    def __init__(self, script: Script, **options: Any) -> None:
        super().__init__(**options)
        self.script = script
        self.errors: list[BaseException] = []
        self.handled = 0

    async def on_message(self, message: discord.Message, /) -> None:
        try:
            context = fsm_context(message)
            await self.script(Message(message.content, message.author.id, context, message))
        finally:
            self.handled += 1

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        del event_method, args, kwargs
        error = sys.exc_info()[1]
        assert error is not None
        self.errors.append(error)


class RunningBot:
    """A bot that the server talks to."""

    def __init__(self, bot: ScriptedBot, server: DiscordServer) -> None:
        self._bot = bot
        self._server = server
        self._sent = 0
        self.errors = bot.errors

    async def send(self, text: str, *, user: int, chat: int) -> None:
        self._sent += 1
        identifier = next(self._server.rest.identifiers)
        message = payloads.message(identifier, chat, {"content": text})
        event = {**message, "author": payloads.user(user)}
        await self._server.gateway.send("MESSAGE_CREATE", event)

    async def settle(self) -> None:
        async def settled() -> None:
            while self._bot.handled < self._sent:  # noqa: ASYNC110 # the gateway is another connection
                await asyncio.sleep(0.005)

        await asyncio.wait_for(settled(), 20)


class TestDiscord(AdapterContract):
    """Messages in a channel; the bot's id is what the server says at login."""

    @pytest.fixture(autouse=True)
    def _server(self, server: DiscordServer) -> None:
        self.server = server

    @override
    @asynccontextmanager
    async def run_bot(
        self, storage: BaseStorage, script: Script, *, bot_id: int = 42, ordered: bool = True
    ) -> AsyncIterator[RunningBot]:
        self.server.log_in_as(bot_id)
        async with running(ScriptedBot(script, backend=storage, ordered=ordered)) as bot:
            yield RunningBot(bot, self.server)

    @override
    def limiter(self, storage: BaseStorage, rate: str, *, scope: Any = "user", **settings: Any) -> object:
        return rate_limit(storage, rate, scope=scope, **settings)


class TestDiscordOnSQLite(TestDiscord):
    """The same, with a storage that has a thread and a file of its own."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @override
    def create(self) -> BaseStorage:
        return SQLiteStorage(self.folder / "bot.db")


class TestDiscordOnRedis(TestDiscord):
    """The same, with a storage that several machines share."""

    @pytest.fixture(autouse=True)
    def _redis(self, empty_redis: RedisServer) -> None:
        self.url = empty_redis.url

    @override
    def create(self) -> BaseStorage:
        return storage_at(self.url)
