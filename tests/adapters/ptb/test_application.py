"""Updates through python-telegram-bot's real application: order, users and limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram.ext import MessageHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import feed, new_application

from botkeep import BaseStorage, SQLiteStorage, Verdict, user
from botkeep_ptb import rate_limit


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


async def test_fifty_updates_at_once_of_one_user_lose_nothing(storage: BaseStorage) -> None:
    async def count(update: Any, context: Any) -> None:
        number = context.user_data.get("n", 0)
        await asyncio.sleep(0)
        context.user_data["n"] = number + 1

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, count))
        await feed(application, *(updates.message("x") for _ in range(50)))

        assert application.user_data[7] == {"n": 50}


async def test_users_do_not_wait_for_each_other(storage: BaseStorage) -> None:
    arrived: set[int] = set()
    both = asyncio.Event()

    async def meet(update: Any, context: Any) -> None:
        arrived.add(update.effective_user.id)
        if len(arrived) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, meet))
        await feed(application, updates.message("x", user=7), updates.message("x", user=8))

    assert arrived == {7, 8}


async def test_handlers_know_their_user(storage: BaseStorage) -> None:
    seen = []

    async def look(update: Any, context: Any) -> None:
        seen.append(repr(user))

    async with new_application(storage) as application:
        application.add_handler(MessageHandler(filters.ALL, look))
        application.add_handler(MessageHandler(filters.ALL, look, block=False), group=1)
        await feed(application, updates.message("x", user=7))

    assert seen == ["<user: '7'>", "<user: '7'>"]


async def test_a_limit_holds_across_processes_and_says_when_to_come_again(storage: BaseStorage) -> None:
    reached, limited = [], []

    async def slow_down(update: Any, verdict: Verdict) -> None:
        limited.append(verdict.retry_after > 0)

    async def reach(update: Any, context: Any) -> None:
        reached.append(context.rate_limit.remaining)

    def process() -> Any:
        application = new_application(storage)
        application.add_handler(rate_limit(storage, "3/hour", on_limited=slow_down), group=-1)
        application.add_handler(MessageHandler(filters.ALL, reach))
        return application

    async with process() as one, process() as other:
        for application in (one, other, one, other, one):
            await feed(application, updates.message("x"))
        await feed(one, updates.message("x", user=8))

    assert reached == [2, 1, 0, 2]
    assert limited == [True, True]


async def test_what_does_not_block_reaches_the_handler_with_its_verdict(storage: BaseStorage) -> None:
    verdicts = []

    async def reach(update: Any, context: Any) -> None:
        verdicts.append(bool(context.rate_limit))

    async with new_application(storage) as application:
        application.add_handler(rate_limit(storage, "1/hour", scope="chat", block=False), group=-1)
        application.add_handler(MessageHandler(filters.ALL, reach))
        await feed(application, updates.message("x", user=7, chat=-1))
        await feed(application, updates.message("x", user=8, chat=-1))

    assert verdicts == [True, False]
