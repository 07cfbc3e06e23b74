"""python-telegram-bot's application with a ConversationHandler.

Without Botkeep it keeps everything in dicts. PicklePersistence writes them to a file once a minute, all of
them; `on_pickle_at_once` has it do so after each update, which is what survives a killed process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from telegram import Update
from telegram.ext import CommandHandler, ConversationHandler, MessageHandler, PicklePersistence, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import builder

from benchmarks.bots import Bot
from botkeep import BaseStorage
from botkeep_ptb import setup_botkeep

_SIZE, _TOPPING, _CONFIRM = range(3)


@asynccontextmanager
async def on_botkeep(storage: BaseStorage) -> AsyncIterator[Bot]:
    async with _running(setup_botkeep(builder(), storage).build(), persistent=True) as bot:
        yield bot


@asynccontextmanager
async def on_memory() -> AsyncIterator[Bot]:
    async with _running(builder().build(), persistent=False) as bot:
        yield bot


@asynccontextmanager
async def on_pickle(path: Path) -> AsyncIterator[Bot]:
    application = builder().persistence(PicklePersistence(path)).build()
    async with _running(application, persistent=True) as bot:
        yield bot


@asynccontextmanager
async def on_pickle_at_once(path: Path) -> AsyncIterator[Bot]:
    async with on_pickle(path) as bot:
        application = bot.handle.__self__  # type: ignore[attr-defined] # it is the application's bound method

        async def handle(update: Update) -> None:
            await application.process_update(update)
            await application.update_persistence()

        yield bot._replace(handle=handle)


@asynccontextmanager
async def _running(application: Any, *, persistent: bool) -> AsyncIterator[Bot]:
    orders = list[dict[str, Any]]()

    async def start(*_: Any) -> int:
        return _SIZE

    async def size(update: Any, context: Any) -> int:
        context.user_data["size"] = update.message.text
        return _TOPPING

    async def topping(update: Any, context: Any) -> int:
        context.user_data["topping"] = update.message.text
        return _CONFIRM

    async def confirm(_: Any, context: Any) -> int:
        orders.append(dict(context.user_data))
        context.user_data.clear()
        return ConversationHandler.END

    questions = {_SIZE: size, _TOPPING: topping, _CONFIRM: confirm}
    conversation = ConversationHandler(
        [CommandHandler("start", start)],
        {state: [MessageHandler(filters.TEXT, answer)] for state, answer in questions.items()},
        [],
        name="order",
        persistent=persistent,
    )
    application.add_handler(conversation)
    async with application:
        yield Bot(
            lambda text, user: Update.de_json(updates.message(text, user=user), application.bot),
            application.process_update,
            orders,
        )
