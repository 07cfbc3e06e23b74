"""aiogram's adapter keeps the laws of adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Dispatcher
from aiogram import types as aiogram_types
from aiogram.fsm.context import FSMContext as AiogramContext
from tests.adapters.aiogram.bots import new_bot
from tests.adapters.botapi import updates
from tests.adapters.contracts import ContractOnEachStorage
from typing_extensions import override

from botkeep import BaseStorage, FSMContext
from botkeep.testing.adapter_hooks import Message, RunningBot, Script
from botkeep_aiogram import RateLimitMiddleware, setup_botkeep
from botkeep_aiogram.storage import state_key


class _Running:
    """A dispatcher that is fed as polling feeds it: each update in a task of its own."""

    def __init__(self, dispatcher: Dispatcher, bot_id: int) -> None:
        self.errors: list[BaseException] = []
        self._dispatcher = dispatcher
        self._bot = new_bot(bot_id)
        self._tasks: list[asyncio.Task[Any]] = []

    async def send(self, text: str, *, user: int, chat: int) -> None:
        update = updates.message(text, user=user, chat=chat)
        feeding = self._dispatcher.feed_raw_update(self._bot, update)
        self._tasks.append(asyncio.create_task(feeding))

    async def settle(self) -> None:
        await asyncio.gather(*self._tasks)


class TestAiogram(ContractOnEachStorage):
    @override
    @asynccontextmanager
    async def run_bot(
        self, storage: BaseStorage, script: Script, *, bot_id: int = 42, ordered: bool = True
    ) -> AsyncIterator[RunningBot]:
        dispatcher = Dispatcher()
        setup_botkeep(dispatcher, storage, ordered=ordered)
        running = _Running(dispatcher, bot_id)

        @dispatcher.error()
        async def note(event: aiogram_types.ErrorEvent) -> None:
            running.errors.append(event.exception)

        @dispatcher.message()
        async def handle(message: aiogram_types.Message, state: AiogramContext) -> None:
            assert message.from_user is not None
            context = FSMContext(storage, state_key(state.key))
            await script(Message(message.text or "", message.from_user.id, context, message))

        await dispatcher.emit_startup()
        yield running
        await running.settle()
        await dispatcher.emit_shutdown()

    @override
    def limiter(self, storage: BaseStorage, rate: str, *, scope: Any = "user", **settings: Any) -> object:
        return RateLimitMiddleware(storage, rate, scope=scope, **settings)
