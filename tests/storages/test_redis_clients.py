"""Whose client it is, which clients are taken, and what the server is asked when a storage opens."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from tests.servers.redis_server import RedisServer

from botkeep import KEEP_TTL, NO_TTL, RateLimiter
from botkeep.errors import StorageUnavailableError
from botkeep.storages.redis import EvictionWarning, RedisStorage
from botkeep.testing.verbs import VERBS

StartRedis = Callable[..., RedisServer]

CLIENTS: dict[str, dict[str, Any]] = {
    "RESP2": {"protocol": 2},
    "RESP3": {"protocol": 3},
    "RESP2, decoding": {"protocol": 2, "decode_responses": True},
    "RESP3, decoding": {"protocol": 3, "decode_responses": True},
    "another encoding": {"encoding": "latin-1", "decode_responses": True},
    "retrying": {"retry": Retry(ConstantBackoff(1), 10)},
    "checking health": {"health_check_interval": 1},
    "one connection": {"single_connection_client": True},
    "impatient": {"socket_timeout": 0.001},
    "another database": {"db": 3},
}


@pytest.mark.parametrize("settings", CLIENTS.values(), ids=CLIENTS)
async def test_any_setting_of_the_client_will_do(empty_redis: RedisServer, settings: dict[str, Any]) -> None:
    client = aioredis.Redis(port=empty_redis.port, **settings)
    async with RedisStorage(client) as storage:
        await storage.set_state("órder", {"größe": "🍕"})

        assert await storage.get_state("órder") == {"größe": "🍕"}
        assert await storage.increment("count", 2**53 + 1) == 2**53 + 1
        assert await storage.compare_and_set("órder", 1, expected={"größe": "🍕"})
        assert not await storage.compare_and_set("órder", 1, expected={"größe": "🍕"})
        assert await storage.list_keys() == ["count", "órder"]
        assert await storage.get_ttl("count") == float("inf")
        assert await storage.get_state("absent") is None
        assert await storage.clear_namespace() == 2
    await client.aclose()


async def test_a_client_passed_in_stays_its_owner_s(empty_redis: RedisServer) -> None:
    client = aioredis.Redis(port=empty_redis.port, retry=Retry(ConstantBackoff(1), 7))
    await client.set("own", "kept")
    async with RedisStorage(client) as storage:
        await storage.set_state("order", 1)

    assert await client.get("own") == b"kept"
    retry = client.get_retry()
    assert retry is not None
    assert retry.get_retries() == 7
    assert client.connection_pool.connection_kwargs["retry"].get_retries() == 7
    await client.aclose()


async def test_a_storage_takes_no_connection_from_the_client_s_pool(empty_redis: RedisServer) -> None:
    client = aioredis.Redis(port=empty_redis.port, max_connections=1)
    async with RedisStorage(client) as storage, client.monitor():
        assert await asyncio.gather(*(storage.increment("count") for _ in range(10))) == list(range(1, 11))
    await client.aclose()


async def test_all_calls_of_a_storage_share_one_connection(empty_redis: RedisServer) -> None:
    async with RedisStorage(aioredis.Redis(port=empty_redis.port, client_name="ours")) as storage:
        await asyncio.gather(*(storage.increment(f"count {n}") for n in range(1000)))

        clients = empty_redis.run("CLIENT", "LIST").splitlines()
        assert sum(b"name=ours" in line for line in clients) == 1
    until_gone = empty_redis.run("CLIENT", "LIST")
    assert b"name=ours" not in until_gone


async def test_a_url_makes_a_client_of_the_storage_s_own(empty_redis: RedisServer) -> None:
    storage = RedisStorage.from_url(f"{empty_redis.url}?client_name=ours", prefix="bot", default_ttl=60)
    await storage.set_state("order", 1)

    assert empty_redis.run("GET", "bot::order") == b"1"
    assert 0 < empty_redis.run("TTL", "bot::order") <= 60
    await storage.stop()
    assert b"name=ours" not in empty_redis.run("CLIENT", "LIST")
    await storage.start()
    assert await storage.get_state("order") == 1
    await storage.stop()


async def test_a_unix_socket_will_do(start_redis: StartRedis, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    start_redis("--unixsocket", str(path))
    async with RedisStorage.from_url(f"unix://{path}") as storage:
        await storage.set_state("order", 1)

        assert await storage.get_state("order") == 1
        assert str(path) in repr(storage)


async def test_an_address_is_shown_without_the_password() -> None:
    storage = RedisStorage.from_url("rediss://bot:secret@example.org:6380/2", prefix="bot:")

    assert repr(storage) == "RedisStorage('rediss://example.org:6380/2', prefix='bot:')"


@pytest.mark.parametrize("client", [None, "redis://localhost", redis.Redis()], ids=["None", "str", "sync"])
def test_what_is_no_asynchronous_client_is_refused(client: Any) -> None:
    with pytest.raises(TypeError, match=r"redis\.asyncio"):
        RedisStorage(client)


def test_an_address_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisStorage.from_url("postgres://localhost")


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_no_time_is_refused(timeout: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        RedisStorage(aioredis.Redis(), timeout=timeout)


@pytest.fixture
async def evicting(start_redis: StartRedis) -> AsyncIterator[RedisStorage]:
    server = start_redis("--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb")
    server.run("ACL", "SETUSER", "bot", "on", ">secret", "~*", "+@all", "-config")
    storage = RedisStorage.from_url(f"redis://bot:secret@127.0.0.1:{server.port}")
    yield storage
    await storage.stop()


async def test_a_server_that_may_evict_is_warned_of_even_where_config_is_forbidden(
    evicting: RedisStorage,
) -> None:
    with pytest.warns(EvictionWarning, match=r"allkeys-lru.*noeviction"):
        await evicting.start()

    assert await evicting.health()


async def test_a_server_that_never_evicts_is_not_warned_of(empty_redis: RedisServer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with RedisStorage(aioredis.Redis(port=empty_redis.port)) as storage:
            assert await storage.health()


async def test_a_server_that_forbids_to_look_is_not_warned_of(start_redis: StartRedis) -> None:
    server = start_redis("--maxmemory-policy", "allkeys-lru")
    server.run("ACL", "SETUSER", "bot", "on", ">secret", "~*", "+@all", "-config", "-info")
    async with RedisStorage.from_url(f"redis://bot:secret@127.0.0.1:{server.port}") as storage:
        assert await storage.health()


async def test_the_documented_rights_are_enough_for_every_verb(start_redis: StartRedis) -> None:
    page = Path(__file__).parents[2] / "docs" / "redis.md"
    rule = page.read_text(encoding="utf-8").partition("\nACL SETUSER ")[2].partition("```")[0]
    server = start_redis()
    server.run("ACL", "SETUSER", *rule.split())
    async with RedisStorage.from_url(f"redis://bot:secret@127.0.0.1:{server.port}") as storage:
        for name, call in VERBS.items():
            await call(storage, f"order {name}")
        await storage.set_state("order", 1, ttl=60)
        await storage.set_state("order", 2, ttl=KEEP_TTL)
        await storage.touch("order", ttl=NO_TTL)
        await storage.touch("order", ttl=60)
        await RateLimiter(storage, "5/minute").hit("spammer")

        assert await storage.increment("order", ttl=NO_TTL) == 3
        assert await storage.increment("order", ttl=60) == 4
        assert await storage.health()
    assert server.run("ACL", "LOG") == []


async def test_a_plain_client_on_a_cluster_is_told_which_one_to_take(start_redis: StartRedis) -> None:
    server = start_redis("--cluster-enabled", "yes")
    server.run("CLUSTER", "ADDSLOTS", 0)
    storage = RedisStorage(aioredis.Redis(port=server.port), timeout=0.2)
    with pytest.raises(StorageUnavailableError):
        await storage.set_state("order", 1)

    await storage.stop()
