"""pyTelegramBotAPI's asynchronous bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_filters import StateFilter
from telebot.asyncio_storage import StateMemoryStorage, StateRedisStorage
from telebot.states import State, StatesGroup
from telebot.states.asyncio import StateContext, StateMiddleware
from telebot.types import Message, Update
from tests.adapters.botapi import updates

from benchmarks.bots import Bot
from benchmarks.peers.redis_clients import new_client
from botkeep import BaseStorage
from botkeep_telebot import setup_botkeep


class Order(StatesGroup):
    size = State()
    topping = State()
    confirm = State()


@asynccontextmanager
async def on_botkeep(storage: BaseStorage) -> AsyncIterator[Bot]:
    async with storage:
        telebot = AsyncTeleBot("42:TEST")
        setup_botkeep(telebot, storage)
        yield _bot(telebot)


@asynccontextmanager
async def on_memory() -> AsyncIterator[Bot]:
    yield _bot(AsyncTeleBot("42:TEST", state_storage=StateMemoryStorage()))


@asynccontextmanager
async def on_redis(port: int) -> AsyncIterator[Bot]:
    async with new_client(port) as client:
        storage = StateRedisStorage(connection_pool=client.connection_pool)
        yield _bot(AsyncTeleBot("42:TEST", state_storage=storage))


def _bot(telebot: Any) -> Bot:
    orders = list[dict[str, Any]]()
    telebot.add_custom_filter(StateFilter(telebot))
    telebot.setup_middleware(StateMiddleware(telebot))

    @telebot.message_handler(commands=["start"])
    async def start(_: Message, state: StateContext) -> None:
        await state.set(Order.size)

    @telebot.message_handler(state=Order.size)
    async def size(message: Message, state: StateContext) -> None:
        await state.add_data(size=message.text)
        await state.set(Order.topping)

    @telebot.message_handler(state=Order.topping)
    async def topping(message: Message, state: StateContext) -> None:
        await state.add_data(topping=message.text)
        await state.set(Order.confirm)

    @telebot.message_handler(state=Order.confirm)
    async def confirm(_: Message, state: StateContext) -> None:
        async with state.data() as order:
            orders.append(dict(order))
        await state.delete()

    return Bot(
        lambda text, user: Update.de_json(updates.message(text, user=user)),
        lambda update: telebot.process_new_updates([update]),
        orders,
    )
