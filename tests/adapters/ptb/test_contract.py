"""The laws of every adapter, on python-telegram-bot's own application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from telegram import Update
from telegram.ext import MessageHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import builder, collect_errors, running
from typing_extensions import override

from botkeep import BaseStorage, SQLiteStorage, storage_at
from botkeep.testing import AdapterContract
from botkeep.testing.adapter_hooks import Message, RunningBot, Script
from botkeep_ptb import fsm_context, rate_limit, setup_botkeep

if TYPE_CHECKING:
    from tests.servers.redis_server import RedisServer


class PTBBot:
    """An application whose fetcher takes updates from its queue, as those that a server sends."""

    def __init__(self, application: Any) -> None:
        self.errors: Any = collect_errors(application)
        self._application = application

    async def send(self, text: str, *, user: int, chat: int) -> None:
        update = Update.de_json(updates.message(text, user=user, chat=chat), self._application.bot)
        await self._application.update_queue.put(update)

    async def settle(self) -> None:
        await asyncio.wait_for(self._application.update_queue.join(), 30)


class PTBAdapter(AdapterContract):
    @override
    @asynccontextmanager
    async def run_bot(
        self, storage: BaseStorage, script: Script, *, bot_id: int = 42, ordered: bool = True
    ) -> AsyncIterator[RunningBot]:
        async def handle(update: Any, context: Any) -> None:
            dialogue = fsm_context(storage, update)
            await script(Message(update.message.text, update.effective_user.id, dialogue, update))

        concurrent = builder(bot_id).concurrent_updates(True)
        application = setup_botkeep(concurrent, storage, ordered=ordered).build()
        application.add_handler(MessageHandler(filters.TEXT, handle))
        bot = PTBBot(application)
        async with running(application):
            yield bot

    @override
    def limiter(self, storage: BaseStorage, rate: str, *, scope: Any = "user", **settings: Any) -> object:
        return rate_limit(storage, rate, scope=scope, **settings)


class TestPTBOnMemory(PTBAdapter):
    pass


class TestPTBOnSQLite(PTBAdapter):
    @override
    @pytest.fixture
    async def storage(self, tmp_path: Path) -> AsyncIterator[BaseStorage]:
        async with SQLiteStorage(tmp_path / "bot.db", durability="normal") as opened:
            yield opened


class TestPTBOnRedis(PTBAdapter):
    @override
    @pytest.fixture
    async def storage(self, empty_redis: RedisServer) -> AsyncIterator[BaseStorage]:
        async with storage_at(empty_redis.url) as opened:
            yield opened
