"""Moving between the engines themselves: a database, a real Redis server, a file, and back."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.servers.redis_server import RedisServer

from botkeep import BaseStorage, CorruptDocumentError, MigrationError, RedisStorage, SQLiteStorage, storage_at
from botkeep.migrate import migrate

REDIS_PAGE = Path(__file__).parents[2] / "docs" / "redis.md"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def places(empty_redis: RedisServer, tmp_path: Path) -> dict[str, str]:
    return {
        "sqlite": f"sqlite:{tmp_path}/bot.db",
        "redis": empty_redis.url,
        "file": f"file:{tmp_path}/bot.json",
        "memory": "memory:",
        "back": f"sqlite:{tmp_path}/back.db",
    }


async def fill(storage: BaseStorage) -> None:
    await storage.set_state("order", {"size": "large", "paid": 9.0, "of": {1, 2}})
    await storage.set_state("nothing", None)
    await storage.increment("visits", 2**40, ttl=600)
    await storage.namespace("plugins").namespace("to/do:*").set_state("ключ 🍕", [1], ttl=600)
    many = storage.namespace("many")
    await asyncio.gather(*(many.set_state(f"k{number}", number) for number in range(2500)))


async def assert_filled(storage: BaseStorage) -> None:
    assert await storage.list_keys() == ["nothing", "order", "visits"]
    assert await storage.list_namespaces() == ["many", "plugins"]
    assert await storage.get_state("order") == {"size": "large", "paid": 9.0, "of": {1, 2}}
    assert await storage.get_state("nothing", "absent") is None
    assert await storage.get_ttl("order") == math.inf
    assert await storage.get_ttl("visits") == pytest.approx(600, abs=30)
    inner = storage.namespace("plugins").namespace("to/do:*")
    assert await inner.get_state("ключ 🍕") == [1]
    assert await inner.get_ttl("ключ 🍕") == pytest.approx(600, abs=30)
    assert len(await storage.namespace("many").list_keys()) == 2500


@pytest.mark.parametrize(
    "route",
    [("sqlite", "redis", "back"), ("redis", "file", "redis"), ("file", "sqlite", "memory")],
    ids="-".join,
)
async def test_all_arrives_and_comes_back(
    route: tuple[str, ...], places: dict[str, str], stack: AsyncExitStack, empty_redis: RedisServer
) -> None:
    first, second, third = [await stack.enter_async_context(storage_at(places[name])) for name in route]
    await fill(first)
    async with first.lock("order"), first.namespace("plugins").lock("order"):
        there = await migrate(first, second)
    if third is not first and places[route[2]] == places[route[0]]:
        empty_redis.run("FLUSHALL")
    back = await migrate(second, third)

    assert (there.copied, back.copied) == (2504, 2504)
    await assert_filled(third)
    assert await third.increment("visits") == 2**40 + 1
    assert not [path for path in await second.engine._namespaces() if "//" in path]


async def test_what_has_expired_stays_behind_and_the_rest_keeps_its_time_by_another_clock(
    tmp_path: Path, places: dict[str, str]
) -> None:
    now = time.time() - 10_000
    async with SQLiteStorage(tmp_path / "old.db", clock=lambda: now) as source:
        await source.set_state("gone", 1, ttl=60)
        await source.set_state("kept", 1, ttl=600)
        now += 61
        async with storage_at(places["redis"]) as target:
            result = await migrate(source, target)

            assert (result.copied, await target.list_keys()) == (1, ["kept"])
            assert await target.get_ttl("kept") == pytest.approx(600 - 61, abs=30)


async def test_what_cannot_be_read_is_named_and_all_else_is_copied(
    empty_redis: RedisServer, places: dict[str, str]
) -> None:
    async with RedisStorage.from_url(empty_redis.url) as source, storage_at(places["memory"]) as target:
        await asyncio.gather(*(source.set_state(f"k{number}", number) for number in range(20)))
        empty_redis.run("LPUSH", "botkeep::odd", "1")
        empty_redis.run("LPUSH", "botkeep:/in:other", "1")
        await source.namespace("in").set_state("fine", 1)

        with pytest.raises(
            MigrationError, match=r"cannot be read under 2 of the keys \(.*odd.*all else"
        ) as caught:
            await migrate(source, target)
        assert sorted(caught.value.keys) == ["in/other", "odd"]
        assert isinstance(caught.value.__cause__, CorruptDocumentError)
        assert len(await target.list_keys()) == 20
        assert await target.namespace("in").list_keys() == ["fine"]


async def test_the_documented_rights_on_redis_are_enough(
    start_redis: Callable[..., RedisServer], places: dict[str, str]
) -> None:
    rule = REDIS_PAGE.read_text(encoding="utf-8").partition("\nACL SETUSER ")[2].partition("```")[0]
    server = start_redis()
    server.run("ACL", "SETUSER", *rule.split())
    url = f"redis://bot:secret@127.0.0.1:{server.port}"
    async with storage_at(places["sqlite"]) as first, storage_at(url) as second:
        await fill(first)
        await migrate(first, second)
        async with storage_at(places["back"]) as third:
            await migrate(second, third)

            await assert_filled(third)
    assert server.run("ACL", "LOG") == []
