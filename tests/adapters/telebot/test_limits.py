"""Updates through pyTelegramBotAPI's real bots, both kinds, and their limits."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

from telebot import TeleBot
from telebot.async_telebot import AsyncTeleBot
from tests.adapters.botapi import updates
from tests.adapters.telebot.bots import feed, new_updates

from botkeep import BaseStorage, SQLiteStorage, Verdict
from botkeep_telebot import BotkeepSyncStateStorage, RateLimitMiddleware, SyncRateLimitMiddleware


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


async def test_the_global_scope_counts_all_updates_of_one_bot(storage: BaseStorage) -> None:
    reached = []
    for number in (42, 43):
        bot = AsyncTeleBot(f"{number}:TEST")
        bot.setup_middleware(RateLimitMiddleware(storage, "2/hour", scope="global"))

        @bot.message_handler()
        async def reach(message: Any, number: int = number) -> None:
            reached.append(number)

        await feed(bot, *(updates.message("x", user=who) for who in (7, 8, 9)))

    assert reached == [42, 42, 43, 43]
