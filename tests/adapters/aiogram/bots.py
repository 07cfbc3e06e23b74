"""aiogram's own bot and dispatcher, with nothing replaced but the way to Telegram."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.methods import GetMe, SendMessage, TelegramMethod
from aiogram.types import Chat, Message, User
from typing_extensions import override


class RecordingSession(BaseSession):
    """Answers what a bot asks, and records what it sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    @override
    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        if isinstance(method, GetMe):
            return User(id=bot.id, is_bot=True, first_name="Bot", username="bot")
        if isinstance(method, SendMessage):
            self.sent.append(method.text)
            chat = Chat(id=int(method.chat_id), type="private")
            return Message(message_id=len(self.sent), date=int(time.time()), chat=chat, text=method.text)  # type: ignore[arg-type] # aiogram converts it
        return True

    @override
    async def stream_content(self, *arguments: Any, **settings: Any) -> AsyncGenerator[bytes, None]:
        yield b""

    @override
    async def close(self) -> None:
        """Nothing to close."""


def new_bot(number: int = 42) -> Bot:
    """A bot with a token of its own."""
    return Bot(f"{number}:TEST", session=RecordingSession())


async def feed(dispatcher: Dispatcher, bot: Bot, *news: dict[str, Any]) -> None:
    """Let a dispatcher handle updates that came at the same time."""
    await asyncio.gather(*(dispatcher.feed_raw_update(bot, update) for update in news))
