"""`RedisBackend` on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.discord.bots import Bot, Counter, running
from tests.adapters.discord.server import DiscordServer
from tests.servers.redis_server import RedisServer

from botkeep import StorageUnavailableError
from botkeep_discord import RedisBackend, SQLiteBackend, migrate_storage, setup_persistence


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


async def test_views_live_in_redis_and_move_there(
    server: DiscordServer, redis: RedisServer, tmp_path: Path
) -> None:
    async with running(Bot(backend=SQLiteBackend(tmp_path / "bot.db"))) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        await server.click(message.id, "add")
    moved = await migrate_storage(SQLiteBackend(tmp_path / "bot.db"), RedisBackend(redis.url, "mine"))
    async with running(Bot(backend=RedisBackend(redis.url, "mine"))) as bot:
        answer = await server.click(message.id, "add")
    async with running(Bot(backend=RedisBackend(redis.url, "other"))) as other:
        pass

    assert moved is True
    assert bot.summary["restored"] == ["lobby"]
    assert answer["data"]["content"] == "2 clicks"
    assert other.summary["restored"] == []


async def test_what_has_a_ttl_is_gone_when_it_has_passed(server: DiscordServer, redis: RedisServer) -> None:
    backend = RedisBackend(redis.url, ttl=3600)
    async with running(Bot(backend=backend)) as bot:
        await Counter(state_key="lobby").send(bot.channel)
        rows = backend.storage.namespace("discord").namespace("views")
        left = await rows.get_ttl("lobby")

    assert left is not None
    assert 3500 < left <= 3600


async def test_a_server_that_is_down_is_an_error_at_the_start(redis: RedisServer) -> None:
    redis.kill()
    with pytest.raises(StorageUnavailableError):
        await setup_persistence(backend=RedisBackend(redis.url))
    with pytest.raises(StorageUnavailableError):
        await RedisBackend(redis.url).load_state()


async def test_users_are_answered_while_the_server_is_down_and_served_when_it_is_back(
    server: DiscordServer, redis: RedisServer
) -> None:
    async with running(Bot(backend=RedisBackend(redis.url), timeout=0.5, apology="later")) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        redis.kill()
        down = await server.click(message.id, "add")
        redis.start()
        up = await server.click(message.id, "add")

    assert down["data"]["content"] == "later"
    assert up["data"]["content"] == "1 clicks"
