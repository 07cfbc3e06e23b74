"""In a job, `user` is whom the job was scheduled for, or nobody; never who scheduled another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram.ext import (
    CallbackContext,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    JobQueue,
    MessageHandler,
    filters,
)
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import builder, collect_errors, feed, fetch, running

from botkeep import MemoryStorage, NoUserError, user
from botkeep.ambient.configuration import choice
from botkeep_ptb import setup_botkeep

pytest.importorskip("apscheduler", reason="JobQueue needs python-telegram-bot[job-queue]")


@pytest.fixture(autouse=True)
async def ambient(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    async with MemoryStorage() as storage:
        monkeypatch.setattr(choice, "configured", storage)
        yield


@pytest.fixture
async def application() -> AsyncIterator[Any]:
    built = setup_botkeep(builder().job_queue(JobQueue()), MemoryStorage()).build()
    async with running(built):
        yield built


async def acting_in_jobs(application: Any, *user_ids: int | None) -> list[str]:
    """Let each user's handler schedule a job for itself, all before the first one runs; return who acted."""
    acting, done = [], asyncio.Event()

    async def job(context: Any) -> None:
        acting.append(repr(user))
        if len(acting) == len(user_ids):
            done.set()

    async def schedule(update: Any, context: Any) -> None:
        at = len(acting_order)
        acting_order.append(update.effective_user.id)
        context.job_queue.run_once(job, 0.2 + at * 0.02, user_id=user_ids[at])

    acting_order: list[int] = []
    application.add_handler(MessageHandler(filters.ALL, schedule))
    await fetch(application, *(updates.message("x", user=number) for number in range(1, len(user_ids) + 1)))
    await asyncio.wait_for(done.wait(), 10)
    return acting


async def test_each_job_acts_for_its_own_user(application: Any) -> None:
    assert await acting_in_jobs(application, 1, 2, 3) == ["<user: '1'>", "<user: '2'>", "<user: '3'>"]


async def test_a_job_of_nobody_acts_for_nobody(application: Any) -> None:
    assert await acting_in_jobs(application, None, 2) == ["<user: this handler has no user>", "<user: '2'>"]


async def test_a_job_that_repeats_acts_for_its_user_each_time(application: Any) -> None:
    acting, done = [], asyncio.Event()

    async def job(context: Any) -> None:
        acting.append(repr(user))
        if len(acting) == 3:
            done.set()

    async def schedule(update: Any, context: Any) -> None:
        if update.message.text == "begin":
            context.job_queue.run_repeating(job, 0.05, first=0.01, user_id=update.effective_user.id)

    application.add_handler(MessageHandler(filters.ALL, schedule))
    await fetch(application, updates.message("begin", user=1), updates.message("x", user=2))
    await asyncio.wait_for(done.wait(), 10)

    assert acting[:3] == ["<user: '1'>"] * 3


async def test_what_a_job_saves_for_its_user_nobody_else_sees(application: Any) -> None:
    done = asyncio.Event()
    found = []

    async def job(context: Any) -> None:
        found.append(await user.load("note"))
        done.set()

    async def schedule(update: Any, context: Any) -> None:
        await user.save("note", update.message.text)
        if update.effective_user.id == 1:
            context.job_queue.run_once(job, 0.1, user_id=1)
        else:
            context.job_queue.run_once(job, 60, user_id=2)

    application.add_handler(MessageHandler(filters.ALL, schedule))
    await fetch(application, updates.message("of 1", user=1), updates.message("of 2", user=2))
    await asyncio.wait_for(done.wait(), 10)

    assert found == ["of 1"]


async def test_an_error_of_a_job_is_handled_for_the_jobs_user(application: Any) -> None:
    done = asyncio.Event()
    acting = []

    async def look(update: object, context: Any) -> None:
        acting.append((type(context.error), repr(user)))
        done.set()

    async def job(context: Any) -> None:
        raise ZeroDivisionError

    async def schedule(update: Any, context: Any) -> None:
        context.job_queue.run_once(job, 0.05, user_id=5)

    application.add_error_handler(look)
    application.add_handler(MessageHandler(filters.ALL, schedule))
    await fetch(application, updates.message("x", user=1))
    await asyncio.wait_for(done.wait(), 10)

    assert acting == [(ZeroDivisionError, "<user: '5'>")]


async def test_a_conversation_that_times_out_acts_for_whom_it_was_with() -> None:
    done = asyncio.Event()
    acting = []

    async def begin(update: Any, context: Any) -> int:
        return 1

    async def timed_out(update: Any, context: Any) -> None:
        acting.append(repr(user))
        done.set()

    conversation: ConversationHandler[Any] = ConversationHandler(
        [CommandHandler("start", begin)],
        {1: [], ConversationHandler.TIMEOUT: [MessageHandler(filters.ALL, timed_out)]},
        [],
        conversation_timeout=0.1,
        name="c",
        persistent=True,
    )
    application = setup_botkeep(builder().job_queue(JobQueue()), MemoryStorage()).build()
    application.add_handler(conversation)
    async with running(application):
        await fetch(application, updates.message("/start", user=1), updates.message("x", user=2))
        await asyncio.wait_for(done.wait(), 10)

    assert acting == ["<user: '1'>"]


async def test_a_context_class_of_ones_own_is_kept() -> None:
    class Context(CallbackContext[Any, Any, Any, Any]):
        greeting = "hello"

    found = []

    async def look(update: Any, context: Any) -> None:
        found.append((context.greeting, isinstance(context, Context), type(context).__name__))

    made = setup_botkeep(builder().context_types(ContextTypes(context=Context)), MemoryStorage()).build()
    made.add_handler(MessageHandler(filters.ALL, look))
    async with made:
        await feed(made, updates.message("x"))

    assert found == [("hello", True, "Context")]


async def test_a_handler_that_is_not_waited_for_keeps_its_user(application: Any) -> None:
    begin, done = asyncio.Event(), asyncio.Event()
    acting = []

    async def slow(update: Any, context: Any) -> None:
        await begin.wait()
        acting.append(repr(user))
        done.set()

    errors = collect_errors(application)
    application.add_handler(MessageHandler(filters.Regex("slow"), slow, block=False))
    await fetch(application, updates.message("slow", user=1), updates.message("x", user=2))
    begin.set()
    await asyncio.wait_for(done.wait(), 10)

    assert acting == ["<user: '1'>"]
    assert errors == []
    with pytest.raises(NoUserError):
        await user.load("note")
