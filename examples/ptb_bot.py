"""A pizza-order bot on python-telegram-bot that remembers: kill it in mid-dialogue, start it again.

    pip install 'botkeep[ptb]'
    BOT_TOKEN=... python examples/ptb_bot.py

``/start`` begins an order, ``/status`` shows it, ``/cancel`` drops it.
"""

from __future__ import annotations

import os
from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    filters,
)

from botkeep import Verdict
from botkeep.storages.addresses import storage_at
from botkeep_ptb import rate_limit, setup_botkeep

SIZE, TOPPINGS, ADDRESS, CONFIRM = range(4)
SIZES = ("small", "medium", "large")
Context = ContextTypes.DEFAULT_TYPE


async def start(update: Update, context: Context) -> int:
    order(context).clear()
    return await ask(update, "What size: small, medium or large?", SIZE)


async def size(update: Update, context: Context) -> int:
    if text(update).lower() not in SIZES:
        return await ask(update, "There is small, medium and large. Which shall it be?", SIZE)
    order(context)["size"] = text(update).lower()
    return await ask(update, "Which toppings?", TOPPINGS)


async def toppings(update: Update, context: Context) -> int:
    order(context)["toppings"] = text(update)
    return await ask(update, "Where shall it go?", ADDRESS)


async def address(update: Update, context: Context) -> int:
    order(context)["address"] = text(update)
    return await ask(update, f"{summary(context)}\nShall I order it: yes or no?", CONFIRM)


async def confirm(update: Update, context: Context) -> int:
    if text(update).lower() not in ("yes", "no"):
        return await ask(update, "Please say yes or no.", CONFIRM)
    if text(update).lower() == "no":
        return await cancel(update, context)
    pizzas = context.bot_data["pizzas"] = context.bot_data.get("pizzas", 0) + 1
    return await ask(update, f"Pizza number {pizzas} is on its way.", ConversationHandler.END)


async def status(update: Update, context: Context) -> None:
    await ask(update, summary(context), ConversationHandler.END)


async def cancel(update: Update, context: Context) -> int:
    order(context).clear()
    return await ask(update, "You have no order. /start begins one.", ConversationHandler.END)


async def slow_down(update: Update, verdict: Verdict) -> None:
    await ask(update, f"Slow down, please: {verdict.retry_after:.0f} seconds.", ConversationHandler.END)


def order(context: Context) -> dict[str, Any]:
    assert context.user_data is not None
    return context.user_data


def text(update: Update) -> str:
    assert update.message is not None
    return (update.message.text or "").strip()


def summary(context: Context) -> str:
    answers = [f"  {name}: {value}" for name, value in order(context).items()]
    return "\n".join(["Your order:", *(answers or ["  nothing yet"])])


async def ask(update: Update, question: str, state: int) -> int:
    assert update.message is not None
    await update.message.reply_text(question)
    return state


def main() -> None:
    storage = storage_at(os.environ.get("STORAGE", "ptb.db"))
    builder = Application.builder().token(os.environ["BOT_TOKEN"])
    if "BOT_API" in os.environ:
        builder = builder.base_url(f"{os.environ['BOT_API']}/bot")
    application = setup_botkeep(builder, storage).build()
    application.add_handler(rate_limit(storage, "20/minute", on_limited=slow_down), group=-1)
    words = filters.TEXT & ~filters.COMMAND
    conversation = ConversationHandler(
        entry_points=[CommandHandler("start", start)],
        states={
            SIZE: [MessageHandler(words, size)],
            TOPPINGS: [MessageHandler(words, toppings)],
            ADDRESS: [MessageHandler(words, address)],
            CONFIRM: [MessageHandler(words, confirm)],
        },
        fallbacks=[CommandHandler("cancel", cancel)],
        name="order",
        persistent=True,
    )
    application.add_handlers([CommandHandler("status", status), conversation])
    application.run_polling(poll_interval=0, timeout=10)


if __name__ == "__main__":
    main()
