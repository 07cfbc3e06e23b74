"""Updates through pyTelegramBotAPI's real bots, both kinds, and their limits."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telebot import TeleBot, types
from telebot.async_telebot import AsyncTeleBot
from tests.adapters.botapi import updates

from botkeep import BaseStorage, SQLiteStorage, Verdict
from botkeep_telebot import BotkeepSyncStateStorage, RateLimitMiddleware, SyncRateLimitMiddleware


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


def new_updates(*news: dict[str, Any]) -> list[types.Update]:
    return [types.Update.de_json(update) for update in news]


async def feed(bot: AsyncTeleBot, *news: dict[str, Any]) -> None:
    before = asyncio.all_tasks()
    await bot.process_new_updates(new_updates(*news))
    # The bot handles each kind of update in a task that it does not wait for.
    await asyncio.gather(*(asyncio.all_tasks() - before))


async def test_a_limit_holds_across_processes_and_says_when_to_come_again(storage: BaseStorage) -> None:
    reached, limited = [], []

    async def slow_down(message: Any, verdict: Verdict) -> None:
        limited.append(verdict.retry_after > 0)

    def process() -> AsyncTeleBot:
        bot = AsyncTeleBot("42:TEST")
        bot.setup_middleware(RateLimitMiddleware(storage, "3/hour", on_limited=slow_down))

        @bot.message_handler()
        async def reach(message: Any, rate_limit: Verdict) -> None:
            reached.append(rate_limit.remaining)

        return bot

    one, other = process(), process()
    for bot in (one, other, one, other, one):
        await feed(bot, updates.message("x"))
    await feed(one, updates.message("x", user=8))

    assert reached == [2, 1, 0, 2]
    assert limited == [True, True]


async def test_what_does_not_block_reaches_the_handler_with_its_verdict(storage: BaseStorage) -> None:
    bot, verdicts = AsyncTeleBot("42:TEST"), []
    bot.setup_middleware(RateLimitMiddleware(storage, "1/hour", scope="chat", block=False))

    @bot.message_handler()
    async def reach(message: Any, rate_limit: Verdict) -> None:
        verdicts.append(bool(rate_limit))

    await feed(bot, updates.message("x", user=7, chat=-1))
    await feed(bot, updates.message("x", user=8, chat=-1))

    assert verdicts == [True, False]


def test_a_synchronous_bot_is_limited_too(tmp_path: Path) -> None:
    storage = SQLiteStorage(tmp_path / "sync.db", durability="normal")
    states = BotkeepSyncStateStorage(storage)
    bot = TeleBot("42:TEST", state_storage=states, use_class_middlewares=True)
    heard: queue.Queue[str] = queue.Queue()

    def slow_down(message: Any, verdict: Verdict) -> None:
        heard.put("slow down")

    bot.setup_middleware(SyncRateLimitMiddleware(storage, "2/hour", on_limited=slow_down))

    @bot.message_handler()
    def reach(message: Any) -> None:
        bot.set_state(message.from_user.id, "seen", message.chat.id)
        heard.put("reached")

    answers = []
    for _ in range(3):
        bot.process_new_updates(new_updates(updates.message("x")))
        answers.append(heard.get(timeout=10))
    state = bot.get_state(7, 7)
    bot.stop_bot()
    states.close()

    assert answers == ["reached", "reached", "slow down"]
    assert state == "seen"
