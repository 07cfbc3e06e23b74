"""A pizza-order bot on pyTelegramBotAPI that remembers: kill it in mid-dialogue, start it again.

    pip install 'botkeep[telebot]'
    BOT_TOKEN=... python examples/telebot_bot.py

``/start`` begins an order, ``/status`` shows it, ``/cancel`` drops it.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from telebot import asyncio_helper
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_filters import StateFilter
from telebot.states import State, StatesGroup
from telebot.states.asyncio import StateContext, StateMiddleware
from telebot.types import Message

from botkeep import Verdict
from botkeep.storages.addresses import storage_at
from botkeep_telebot import RateLimitMiddleware, setup_botkeep

SIZES = ("small", "medium", "large")
storage = storage_at(os.environ.get("STORAGE", "telebot.db"))
bot = AsyncTeleBot(os.environ["BOT_TOKEN"])


class Order(StatesGroup):
    size = State()
    toppings = State()
    address = State()
    confirm = State()


@bot.message_handler(commands=["start"])
async def start(message: Message, state: StateContext) -> None:
    await state.set(Order.size)
    await state.reset_data()
    await say(message, "What size: small, medium or large?")


@bot.message_handler(commands=["status"])
async def status(message: Message, state: StateContext) -> None:
    async with state.data() as order:
        await say(message, summary(order))


@bot.message_handler(commands=["cancel"])
async def cancel(message: Message, state: StateContext) -> None:
    await state.delete()
    await say(message, "You have no order. /start begins one.")


@bot.message_handler(state=Order.size)
async def size(message: Message, state: StateContext) -> None:
    if text(message).lower() not in SIZES:
        await say(message, "There is small, medium and large. Which shall it be?")
        return
    await state.add_data(size=text(message).lower())
    await state.set(Order.toppings)
    await say(message, "Which toppings?")


@bot.message_handler(state=Order.toppings)
async def toppings(message: Message, state: StateContext) -> None:
    await state.add_data(toppings=text(message))
    await state.set(Order.address)
    await say(message, "Where shall it go?")


@bot.message_handler(state=Order.address)
async def address(message: Message, state: StateContext) -> None:
    await state.add_data(address=text(message))
    await state.set(Order.confirm)
    async with state.data() as order:
        await say(message, f"{summary(order)}\nShall I order it: yes or no?")


@bot.message_handler(state=Order.confirm)
async def confirm(message: Message, state: StateContext) -> None:
    if text(message).lower() not in ("yes", "no"):
        await say(message, "Please say yes or no.")
    elif text(message).lower() == "no":
        await cancel(message, state)
    else:
        await state.delete()
        sold = await storage.namespace("pizzas").increment("sold")
        await say(message, f"Pizza number {sold} is on its way.")


async def slow_down(message: Message, verdict: Verdict) -> None:
    await say(message, f"Slow down, please: {verdict.retry_after:.0f} seconds.")


def text(message: Message) -> str:
    return (message.text or "").strip()


def summary(order: dict[str, Any]) -> str:
    answers = [f"  {name}: {value}" for name, value in order.items()]
    return "\n".join(["Your order:", *(answers or ["  nothing yet"])])


async def say(message: Message, answer: str) -> None:
    await bot.send_message(message.chat.id, answer)


async def main() -> None:
    if "BOT_API" in os.environ:
        asyncio_helper.API_URL = os.environ["BOT_API"] + "/bot{0}/{1}"
    setup_botkeep(bot, storage)
    bot.add_custom_filter(StateFilter(bot))
    bot.setup_middleware(RateLimitMiddleware(storage, "20/minute", on_limited=slow_down))
    bot.setup_middleware(StateMiddleware(bot))
    await bot.polling(interval=0, timeout=10)


if __name__ == "__main__":
    asyncio.run(main())
