"""A pizza-order bot on kurigram or pyrogram that remembers: kill it in mid-dialogue, start it again.

    pip install 'botkeep[pyrogram]'
    API_ID=... API_HASH=... BOT_TOKEN=... python examples/pyrogram_bot.py

``/start`` begins an order, ``/status`` shows it, ``/cancel`` drops it.
"""

from __future__ import annotations

import os
from typing import Any

from pyrogram import filters
from pyrogram.types import Message

from botkeep import BaseStorage, State, StatesGroup, Verdict
from botkeep.storages.addresses import storage_at
from botkeep_pyrogram import Client, RateLimitMiddleware, StateFilter

SIZES = ("small", "medium", "large")


class Order(StatesGroup):
    size = State()
    toppings = State()
    address = State()
    confirm = State()

    transitions = {None: [size], size: [size, toppings], toppings: [address], address: [confirm]}  # noqa: RUF012


async def start(client: Client, message: Message) -> None:
    await client.fsm(message).clear()
    await client.fsm(message).set_state(Order.size)
    await message.reply("What size: small, medium or large?")


async def status(client: Client, message: Message) -> None:
    await message.reply(summary(await client.fsm(message).get_data()))


async def cancel(client: Client, message: Message) -> None:
    await client.fsm(message).clear()
    await message.reply("You have no order. /start begins one.")


async def size(client: Client, message: Message) -> None:
    if text(message).lower() not in SIZES:
        await message.reply("There is small, medium and large. Which shall it be?")
        return
    async with client.fsm(message).turn() as turn:
        turn.data["size"] = text(message).lower()
        turn.state = Order.toppings
    await message.reply("Which toppings?")


async def toppings(client: Client, message: Message) -> None:
    async with client.fsm(message).turn() as turn:
        turn.data["toppings"] = text(message)
        turn.state = Order.address
    await message.reply("Where shall it go?")


async def address(client: Client, message: Message) -> None:
    async with client.fsm(message).turn() as turn:
        turn.data["address"] = text(message)
        turn.state = Order.confirm
    await message.reply(f"{summary(turn.data)}\nShall I order it: yes or no?")


async def confirm(client: Client, message: Message) -> None:
    if text(message).lower() not in ("yes", "no"):
        await message.reply("Please say yes or no.")
    elif text(message).lower() == "no":
        await cancel(client, message)
    else:
        await client.fsm(message).clear()
        sold = await client.botkeep.namespace("pizzas").increment("sold")
        await message.reply(f"Pizza number {sold} is on its way.")


async def slow_down(_: Client, message: Message, verdict: Verdict) -> None:
    await message.reply(f"Slow down, please: {verdict.retry_after:.0f} seconds.")


def text(message: Message) -> str:
    return (message.text or "").strip()


def summary(order: dict[str, Any]) -> str:
    answers = [f"  {name}: {value}" for name, value in order.items()]
    return "\n".join(["Your order:", *(answers or ["  nothing yet"])])


def new_bot(storage: BaseStorage, kind: type[Client] = Client, **settings: Any) -> Client:
    """Return the bot; the tests make one that is not connected to Telegram."""
    app = kind("pizza", storage=storage, **settings)
    app.middleware(RateLimitMiddleware("20/minute", on_limited=slow_down))
    app.on_message(filters.command("start"))(start)
    app.on_message(filters.command("status"))(status)
    app.on_message(filters.command("cancel"))(cancel)
    for state, handler in zip(Order, (size, toppings, address, confirm), strict=True):
        app.on_message(filters.text & StateFilter(state))(handler)
    return app


if __name__ == "__main__":
    new_bot(
        storage_at(os.environ.get("STORAGE", "pyrogram.db")),
        api_id=int(os.environ["API_ID"]),
        api_hash=os.environ["API_HASH"],
        bot_token=os.environ["BOT_TOKEN"],
    ).run()
