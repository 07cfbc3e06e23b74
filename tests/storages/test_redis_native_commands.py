"""Where the server has a command for what a script does, that is sent; elsewhere the script decides."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any, Final

import pytest
from redis import asyncio as aioredis
from tests.servers.kinds import on_redis_and_valkey
from tests.servers.redis_server import RedisServer

from botkeep import FSMContext, RedisStorage, StateKey
from botkeep.hooks import CompareAndSet, Swap
from botkeep.storages.redis import scripts
from botkeep.storages.redis.native_commands import NATIVE_COMMANDS, native_commands_of
from botkeep.storages.redis.scripts import Script
from botkeep.ttl import Expiry

StartRedis = Callable[..., RedisServer]

ADD: Final = "ADD"
COMPARE_AND_SET: Final = "COMPARE_AND_SET"
DELETE_IF_EQUAL: Final = "DELETE_IF_EQUAL"
ALL: Final = {ADD, COMPARE_AND_SET, DELETE_IF_EQUAL}


class Scripted:
    """A connection to a server that answers HELLO like this."""

    def __init__(self, reply: Any) -> None:
        self._reply = reply

    async def send_command(self, *words: str, check_health: bool) -> None:
        assert words == ("HELLO",)
        assert not check_health

    async def read_response(self, **_: bool) -> Any:
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


def hello(server: bytes, version: bytes) -> dict[bytes, Any]:
    return {b"server": server, b"version": version, b"proto": 3, b"modules": []}


def names(found: dict[Script, Any]) -> set[str]:
    return {name for name in ALL if getattr(scripts, name) in found}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (hello(b"redis", b"6.2.14"), set()),
        (hello(b"redis", b"7.0.15"), {ADD}),
        (hello(b"redis", b"8.4.0"), {ADD}),
        (hello(b"valkey", b"7.2.9"), {ADD}),
        (hello(b"valkey", b"8.0.1"), {ADD}),
        (hello(b"valkey", b"8.1.0"), {ADD, COMPARE_AND_SET}),
        (hello(b"valkey", b"9.0.0-rc1"), ALL),
        (hello(b"valkey", b"10.0.0"), ALL),
        (hello(b"dragonfly", b"99.0"), set()),
        (hello(b"valkey", b"unstable"), set()),
        ([b"server", b"valkey", b"version", b"9.1.2"], ALL),
        ({}, set()),
        (aioredis.ResponseError("unknown command 'HELLO'"), set()),
        (aioredis.AuthenticationError("NOPERM"), set()),
    ],
)
async def test_what_a_server_says_of_itself_tells_which_commands_it_has(
    reply: Any, expected: set[str]
) -> None:
    connection: Any = Scripted(reply)

    assert names(await native_commands_of(connection)) == expected


async def use_all(storage: RedisStorage) -> None:
    """Make each of the steps succeed and fail, with and without expiry."""
    await storage.delete_state("order")
    assert await storage.compare_and_set("order", 1, expected=None, ttl=60)
    assert not await storage.compare_and_set("order", 2, expected=None)
    assert await storage.compare_and_set("order", 2, expected=1)
    assert await storage.get_ttl("order") == math.inf
    assert not await storage.compare_and_set("order", 3, expected=1)
    assert not await storage.compare_and_set("absent", 3, expected=1)
    context = FSMContext(storage, StateKey(1, 2, 3))
    await context.set_state("choosing")
    await context.set_state(None)  # what says nothing any more is removed
    assert await context.get_state() is None


def scripts_run(server: RedisServer) -> int:
    statistics = server.run("INFO", "commandstats")
    return sum(statistics.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("redis_kind", ["valkey"], indirect=True)
async def test_valkey_runs_no_script_for_a_swap(empty_redis: RedisServer, protocol: int) -> None:
    empty_redis.run("CONFIG", "RESETSTAT")
    async with RedisStorage(aioredis.Redis(port=empty_redis.port, protocol=protocol)) as storage:
        await use_all(storage)

    assert scripts_run(empty_redis) == 0


@pytest.mark.parametrize("redis_kind", ["valkey"], indirect=True)
async def test_a_server_whose_commands_were_renamed_or_forbidden_runs_the_scripts(
    start_redis: StartRedis,
) -> None:
    server = start_redis("--rename-command", "DELIFEQ", "")
    server.run("ACL", "SETUSER", "bot", "on", ">secret", "~*", "+@all", "-hello")
    async with RedisStorage(aioredis.Redis(port=server.port)) as storage:
        await use_all(storage)
        assert scripts_run(server) == 1
    url = f"redis://bot:secret@127.0.0.1:{server.port}/0?protocol=2"
    async with RedisStorage.from_url(url) as storage:
        await use_all(storage)

    assert scripts_run(server) > 1


@pytest.mark.parametrize("redis_kind", ["valkey"], indirect=True)
async def test_a_user_who_may_not_use_the_command_has_the_script(start_redis: StartRedis) -> None:
    server = start_redis()
    server.run("ACL", "SETUSER", "bot", "on", ">secret", "~botkeep:*", "+@all", "-delifeq")
    async with RedisStorage.from_url(f"redis://bot:secret@127.0.0.1:{server.port}/0") as storage:
        await use_all(storage)
        await use_all(storage)

    assert scripts_run(server) == 2


@on_redis_and_valkey
async def test_a_server_that_has_less_than_it_says_runs_the_scripts(empty_redis: RedisServer) -> None:
    async with RedisStorage(aioredis.Redis(port=empty_redis.port)) as storage:
        server = storage._router.topology.nodes()[0]
        server._natives = dict(NATIVE_COMMANDS)
        await use_all(storage)
        await asyncio.gather(*(storage.update("count", lambda count: (count or 0) + 1) for _ in range(50)))

        assert await storage.get_state("count") == 50


@pytest.mark.parametrize("redis_kind", ["redis"], indirect=True)
async def test_another_server_after_a_failover_is_asked_anew(empty_redis: RedisServer) -> None:
    async with RedisStorage(aioredis.Redis(port=empty_redis.port)) as storage:
        server = storage._router.topology.nodes()[0]
        server._natives = dict(NATIVE_COMMANDS)
        empty_redis.run("CLIENT", "KILL", "TYPE", "normal")
        await asyncio.gather(*(storage.compare_and_set(f"order {n}", 1, expected=None) for n in range(9)))

        assert not names(server._natives) & {COMPARE_AND_SET, DELETE_IF_EQUAL}


@on_redis_and_valkey
@pytest.mark.parametrize("expected", [b"7", b"07", b"7 ", b"7.0", b"\x007", b""])
async def test_a_swap_compares_bytes_also_where_the_server_keeps_an_integer(
    empty_redis: RedisServer, expected: bytes
) -> None:
    async with RedisStorage(aioredis.Redis(port=empty_redis.port)) as storage:
        await storage.set_state("order", 7)
        swap = await storage.apply("order", CompareAndSet(b"8", expected, Expiry(math.inf, keep=False)))

        assert swap == (Swap(done=True, found=None) if expected == b"7" else Swap(done=False, found=b"7"))
        assert await storage.get_state("order") == (8 if expected == b"7" else 7)
