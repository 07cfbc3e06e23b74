"""pyTelegramBotAPI's adapter keeps the laws of adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telebot import asyncio_helper
from telebot.async_telebot import AsyncTeleBot
from tests.adapters.botapi import updates
from tests.adapters.contracts import ContractOnEachStorage
from tests.adapters.telebot.bots import new_updates
from typing_extensions import override

from botkeep import BaseStorage, FSMContext, StateKey
from botkeep.testing.adapter_hooks import Message, RunningBot, Script
from botkeep_telebot import RateLimitMiddleware, SyncRateLimitMiddleware, setup_botkeep


class _Running:
    """A bot that is fed as polling feeds it: what came at once in a task of its own."""

    def __init__(self, bot_id: int) -> None:
        self.errors: list[BaseException] = []
        handler: Any = self
        self.bot = AsyncTeleBot(f"{bot_id}:TEST", exception_handler=handler)
        self._tasks: list[asyncio.Task[None]] = []

    async def handle(self, exception: BaseException) -> bool:
        """Do what the bot's exception handler does."""
        self.errors.append(exception)
        return True

    async def send(self, text: str, *, user: int, chat: int) -> None:
        news = new_updates(updates.message(text, user=user, chat=chat))
        self._tasks.append(asyncio.create_task(self.bot.process_new_updates(news)))

    async def settle(self) -> None:
        await asyncio.gather(*self._tasks)


class TestTelebot(ContractOnEachStorage):
    @override
    @asynccontextmanager
    async def run_bot(
        self, storage: BaseStorage, script: Script, *, bot_id: int = 42, ordered: bool = True
    ) -> AsyncIterator[RunningBot]:
        running = _Running(bot_id)
        begun, ended = asyncio.Event(), asyncio.Event()

        async def polling() -> None:
            begun.set()
            await ended.wait()

        anything: Any = running.bot
        anything.polling = polling  # no network: `send` does its work
        setup_botkeep(running.bot, storage, ordered=ordered)

        @running.bot.message_handler()
        async def handle(message: Any) -> None:
            key = StateKey(bot_id, message.chat.id, message.from_user.id)
            await script(Message(message.text, message.from_user.id, FSMContext(storage, key), message))

        await asyncio_helper.session_manager.get_session()
        task = asyncio.create_task(running.bot.polling())
        await begun.wait()
        yield running
        await running.settle()
        ended.set()
        await task
        await running.bot.close_session()

    @override
    def limiter(self, storage: BaseStorage, rate: str, *, scope: Any = "user", **settings: Any) -> object:
        SyncRateLimitMiddleware(storage, rate, scope=scope, **settings)
        return RateLimitMiddleware(storage, rate, scope=scope, **settings)
