"""aiogram's dispatcher."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Dispatcher
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage as AiogramStorage
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Message, Update
from tests.adapters.aiogram.bots import new_bot
from tests.adapters.botapi import updates

from benchmarks.bots import Bot
from benchmarks.peers.redis_clients import new_client
from botkeep import BaseStorage
from botkeep_aiogram import setup_botkeep


class Order(StatesGroup):
    size = State()
    topping = State()
    confirm = State()


@asynccontextmanager
async def on_botkeep(storage: BaseStorage) -> AsyncIterator[Bot]:
    async with storage:
        dispatcher = Dispatcher()
        setup_botkeep(dispatcher, storage)
        yield _bot(dispatcher)


@asynccontextmanager
async def on_memory() -> AsyncIterator[Bot]:
    yield _bot(Dispatcher(storage=MemoryStorage()))


@asynccontextmanager
async def on_redis(port: int) -> AsyncIterator[Bot]:
    async with new_client(port) as client:
        storage: AiogramStorage = RedisStorage(client)
        yield _bot(Dispatcher(storage=storage))


def _bot(dispatcher: Dispatcher) -> Bot:
    bot, orders = new_bot(), list[dict[str, Any]]()

    @dispatcher.message(CommandStart())
    async def start(_: Message, state: FSMContext) -> None:
        await state.set_state(Order.size)

    @dispatcher.message(Order.size)
    async def size(message: Message, state: FSMContext) -> None:
        await state.update_data(size=message.text)
        await state.set_state(Order.topping)

    @dispatcher.message(Order.topping)
    async def topping(message: Message, state: FSMContext) -> None:
        await state.update_data(topping=message.text)
        await state.set_state(Order.confirm)

    @dispatcher.message(Order.confirm)
    async def confirm(_: Message, state: FSMContext) -> None:
        orders.append(await state.get_data())
        await state.clear()

    return Bot(
        lambda text, user: Update.model_validate(updates.message(text, user=user), context={"bot": bot}),
        lambda update: dispatcher.feed_update(bot, update),
        orders,
    )
