"""The laws of every adapter, on the real client of kurigram or pyrogram."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.pyrogram.offline import OfflineClient
from tests.adapters.pyrogram.payloads import in_old_group

from botkeep import BaseStorage, SQLiteStorage, storage_at
from botkeep.testing import AdapterContract
from botkeep.testing.adapter_hooks import Message, RunningBot, Script
from botkeep_pyrogram import RateLimitMiddleware, rate_limit

if TYPE_CHECKING:
    from tests.servers.redis_server import RedisServer


class LoggedErrors(logging.Handler):
    """What pyrogram logs; 2.0.106 has no other error handler."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])


class PyrogramBot:
    """A client that runs."""

    def __init__(self, app: OfflineClient, errors: list[BaseException]) -> None:
        self.errors = errors
        self._app = app

    async def send(self, text: str, *, user: int, chat: int) -> None:
        await self._app.handle_updates(in_old_group(text, user=user, group=-chat))

    async def settle(self) -> None:
        await self._app.settled()


@asynccontextmanager
async def running(app: OfflineClient, bot_id: int) -> AsyncIterator[RunningBot]:
    log = LoggedErrors()
    logging.getLogger("pyrogram.dispatcher").addHandler(log)
    try:
        await app.begin()
        assert app.me is not None
        app.me.id = bot_id
        yield PyrogramBot(app, log.errors)
    finally:
        logging.getLogger("pyrogram.dispatcher").removeHandler(log)
        await app.stop()


class TestPyrogram(AdapterContract):
    chat = -70

    def run_bot(self, storage: BaseStorage, script: Script, *, bot_id: int = 42, ordered: bool = True) -> Any:
        app = OfflineClient(storage=storage, ordered=ordered)

        @app.on_message()
        async def handle(client: Any, update: Any) -> None:
            await script(Message(update.text, update.from_user.id, client.fsm(update), update))

        return running(app, bot_id)

    def limiter(self, storage: BaseStorage, rate: str, *, scope: Any = "user", **settings: Any) -> object:
        rate_limit(storage, rate, scope=scope, **settings)
        return RateLimitMiddleware(storage, rate, scope=scope, **settings)


class TestPyrogramOnSQLite(TestPyrogram):
    @pytest.fixture
    async def storage(self, tmp_path: Path) -> AsyncIterator[BaseStorage]:
        async with SQLiteStorage(tmp_path / "bot.db", durability="normal") as storage:
            yield storage


class TestPyrogramOnRedis(TestPyrogram):
    @pytest.fixture
    async def storage(self, empty_redis: RedisServer) -> AsyncIterator[BaseStorage]:
        async with storage_at(empty_redis.url) as storage:
            yield storage
