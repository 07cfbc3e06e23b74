"""Several users, bots and processes on one storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.adapters.pyrogram.offline import OfflineClient

from botkeep import SQLiteStorage
from botkeep_pyrogram import NoStateFilter, RateLimitMiddleware


@asynccontextmanager
async def running(path: Path, *setup: Any) -> AsyncIterator[OfflineClient]:
    """A client with its own connection to the file, as another process would have."""
    app = OfflineClient(storage=SQLiteStorage(path, durability="normal"))
    for step in setup:
        step(app)
    await app.begin()
    yield app
    await app.stop()


async def test_a_limit_holds_across_processes(tmp_path: Path) -> None:
    reached = []

    def limited(app: OfflineClient) -> None:
        app.middleware(RateLimitMiddleware(3, 3600))

        @app.on_message()
        async def reach(client: Any, message: Any) -> None:
            reached.append(message.rate_limit.remaining)

    async with running(tmp_path / "fsm.db", limited) as one, running(tmp_path / "fsm.db", limited) as other:
        for app in (one, other, one, other, one):
            await app.say("x")
        await one.say("x", user=8)

    assert reached == [2, 1, 0, 2]


async def test_users_and_bots_are_never_mixed(tmp_path: Path) -> None:
    seen = []

    def keeping(app: OfflineClient) -> None:
        @app.on_message(NoStateFilter())
        async def first(client: Any, message: Any) -> None:
            await client.fsm(message).set_state("Known:here")
            seen.append((client.me.id, message.from_user.id))

    async with running(tmp_path / "fsm.db", keeping) as one, running(tmp_path / "fsm.db", keeping) as other:
        assert other.me is not None
        other.me.id = 43
        for app in (one, other, one, other):
            for user in (7, 8):
                await app.say("x", user=user)

    assert seen == [(42, 7), (42, 8), (43, 7), (43, 8)]


async def test_a_dialogue_goes_on_after_the_storage_was_away(tmp_path: Path) -> None:
    log = []

    def counting(app: OfflineClient) -> None:
        @app.on_message()
        async def count(client: Any, message: Any) -> None:
            data = await client.fsm(message).update_data(last=message.text)
            log.append(data)

    async with running(tmp_path / "fsm.db", counting) as app:
        await app.say("before")
        await app.botkeep.stop()
        await app.say("lost")
        await app.botkeep.start()
        await app.say("after")

    assert log == [{"last": "before"}, {"last": "after"}]
