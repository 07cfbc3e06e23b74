"""pyTelegramBotAPI's own bots, fed with updates as they come in JSON."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from telebot import TeleBot, types
from telebot.async_telebot import AsyncTeleBot


class Errors:
    """A bot's exception handler that remembers what it was given."""

    def __init__(self) -> None:
        self.seen: queue.Queue[BaseException] = queue.Queue()

    def handle(self, exception: BaseException) -> bool:
        self.seen.put(exception)
        return True

    def kinds(self) -> list[str]:
        return [type(error).__name__ for error in list(self.seen.queue)]


def new_updates(*news: dict[str, Any]) -> list[types.Update]:
    return [types.Update.de_json(update) for update in news]


async def feed(bot: AsyncTeleBot, *news: dict[str, Any]) -> None:
    """Let a bot handle updates that came at the same time."""
    await bot.process_new_updates(new_updates(*news))


class Listener:
    """Handlers of a synchronous bot put into it what they have to tell; tests take it out."""

    def __init__(self) -> None:
        self._heard: queue.Queue[Any] = queue.Queue()
        self.say: Callable[[Any], None] = self._heard.put

    def take(self, count: int) -> list[Any]:
        return [self._heard.get(timeout=10) for _ in range(count)]


def feed_synchronously(bot: TeleBot, *news: dict[str, Any]) -> None:
    bot.process_new_updates(new_updates(*news))
