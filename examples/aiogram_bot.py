"""A pizza-order bot on aiogram that remembers: kill it in mid-dialogue, start it again, and it goes on.

    pip install 'botkeep[aiogram]'
    BOT_TOKEN=... python examples/aiogram_bot.py

``/start`` begins an order, ``/status`` shows it, ``/cancel`` drops it.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.filters import Command, CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message

from botkeep import BaseStorage, Verdict
from botkeep.storages.addresses import storage_at
from botkeep_aiogram import RateLimitMiddleware, setup_botkeep

SIZES = ("small", "medium", "large")
router = Router()


class Order(StatesGroup):
    size = State()
    toppings = State()
    address = State()
    confirm = State()


@router.message(CommandStart())
async def start(message: Message, state: FSMContext) -> None:
    await state.set_data({})
    await state.set_state(Order.size)
    await message.answer("What size: small, medium or large?")


@router.message(Command("status"))
async def status(message: Message, state: FSMContext) -> None:
    await message.answer(summary(await state.get_data()))


@router.message(Command("cancel"))
async def cancel(message: Message, state: FSMContext) -> None:
    await state.clear()
    await message.answer("You have no order. /start begins one.")


@router.message(Order.size, F.text.lower().in_(SIZES))
async def size(message: Message, state: FSMContext) -> None:
    await state.update_data(size=text(message).lower())
    await state.set_state(Order.toppings)
    await message.answer("Which toppings?")


@router.message(Order.size)
async def no_size(message: Message) -> None:
    await message.answer("There is small, medium and large. Which shall it be?")


@router.message(Order.toppings)
async def toppings(message: Message, state: FSMContext) -> None:
    await state.update_data(toppings=text(message))
    await state.set_state(Order.address)
    await message.answer("Where shall it go?")


@router.message(Order.address)
async def address(message: Message, state: FSMContext) -> None:
    order = await state.update_data(address=text(message))
    await state.set_state(Order.confirm)
    await message.answer(f"{summary(order)}\nShall I order it: yes or no?")


@router.message(Order.confirm, F.text.lower() == "yes")
async def yes(message: Message, state: FSMContext, pizzas: BaseStorage) -> None:
    await state.clear()
    await message.answer(f"Pizza number {await pizzas.increment('sold')} is on its way.")


@router.message(Order.confirm, F.text.lower() == "no")
async def no(message: Message, state: FSMContext) -> None:
    await cancel(message, state)


@router.message(Order.confirm)
async def neither(message: Message) -> None:
    await message.answer("Please say yes or no.")


async def slow_down(message: Message, verdict: Verdict) -> None:
    await message.answer(f"Slow down, please: {verdict.retry_after:.0f} seconds.")


def text(message: Message) -> str:
    return (message.text or "").strip()


def summary(order: dict[str, Any]) -> str:
    answers = [f"  {name}: {value}" for name, value in order.items()]
    return "\n".join(["Your order:", *(answers or ["  nothing yet"])])


async def main() -> None:
    storage = storage_at(os.environ.get("STORAGE", "aiogram.db"))
    server = TelegramAPIServer.from_base(os.environ["BOT_API"]) if "BOT_API" in os.environ else PRODUCTION
    bot = Bot(os.environ["BOT_TOKEN"], session=AiohttpSession(api=server))
    dispatcher = Dispatcher(pizzas=storage.namespace("pizzas"))
    setup_botkeep(dispatcher, storage)
    router.message.outer_middleware(RateLimitMiddleware(storage, "20/minute", on_limited=slow_down))
    dispatcher.include_router(router)
    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
