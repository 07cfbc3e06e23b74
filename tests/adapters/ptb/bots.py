"""python-telegram-bot's own application, with nothing replaced but the way to Telegram."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram import Update
from telegram.ext import Application, ApplicationBuilder, ExtBot
from telegram.request import BaseRequest
from typing_extensions import override

from botkeep import BaseStorage
from botkeep_ptb import setup_botkeep


class OfflineRequest(BaseRequest):
    """Answers what a bot asks."""

    @property
    @override
    def read_timeout(self) -> float | None:
        return None

    @override
    async def initialize(self) -> None:
        """Nothing to open."""

    @override
    async def shutdown(self) -> None:
        """Nothing to close."""

    @override
    async def do_request(self, url: str, *arguments: Any, **settings: Any) -> tuple[int, bytes]:
        number = int(url.rpartition("/bot")[2].partition(":")[0])
        answers: dict[str, Any] = {
            "getMe": {"id": number, "is_bot": True, "first_name": "Bot", "username": "bot"},
            "sendMessage": {
                "message_id": 1,
                "date": int(time.time()),
                "chat": {"id": 7, "type": "private"},
                "text": "?",
            },
        }
        return 200, json.dumps({"ok": True, "result": answers.get(url.rpartition("/")[2], True)}).encode()


def builder(number: int = 42, **settings: Any) -> ApplicationBuilder[Any, Any, Any, Any, Any, Any]:
    """An application without a way to fetch updates; the tests feed it. Settings are for the bot."""
    bot: ExtBot[Any] = ExtBot(
        f"{number}:TEST",
        request=OfflineRequest(),
        get_updates_request=OfflineRequest(),
        arbitrary_callback_data=True,
        **settings,
    )
    return Application.builder().bot(bot).updater(None)


def new_application(storage: BaseStorage, number: int = 42, **settings: Any) -> Any:
    """An application on a storage."""
    return setup_botkeep(builder(number).concurrent_updates(True), storage, **settings).build()


@asynccontextmanager
async def running(application: Any) -> AsyncIterator[Any]:
    """Start an application with its own fetcher of updates, which takes them from its queue."""
    async with application:
        await application.start()
        try:
            yield application
        finally:
            await application.stop()


async def fetch(application: Any, *news: dict[str, Any], seconds: float = 20) -> None:
    """Put updates into the queue, and wait until the fetcher has had them all."""
    for update in news:
        await application.update_queue.put(Update.de_json(update, application.bot))
    await asyncio.wait_for(application.update_queue.join(), seconds)


def collect_errors(application: Any) -> list[Exception]:
    """Return a list that the errors come into that an application hands to its error handlers."""
    errors: list[Exception] = []

    async def collect(update: object, context: Any) -> None:
        errors.append(context.error)

    application.add_error_handler(collect)
    return errors


async def feed(application: Any, *news: dict[str, Any]) -> None:
    """Let an application handle updates, all at once."""
    found = [Update.de_json(update, application.bot) for update in news]
    for update in found:
        application.bot.insert_callback_data(update)
    await asyncio.gather(*(application.process_update(update) for update in found))
