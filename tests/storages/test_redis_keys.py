"""How RedisStorage's keys look in redis-cli, and that they are walls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis import asyncio as aioredis
from tests.servers.redis_server import RedisServer

from botkeep._core import paths
from botkeep.storages.redis import RedisStorage
from botkeep.storages.redis.keys import KeySpace

HOSTILE = [
    "b*t",
    "b?t",
    "[x]",
    "b[a-z]t",
    "[",
    "\\",
    "b\\*t",
    "a:",
    "a:b:",
    "^",
    "é",
    "{a}",
    "a b",
    "*",
    ":",
    ":a",
]
PREFIXES = st.text("a:/*[%", min_size=1, max_size=5).filter(
    lambda prefix: "::" not in f"{prefix.removesuffix(':')}:" and ":/" not in prefix
)
NAMES = st.text("a:/*[%", min_size=1, max_size=4)
KEYS = st.tuples(
    PREFIXES.map(lambda prefix: prefix.removesuffix(":")), st.lists(NAMES, max_size=2).map(tuple), NAMES
)


@pytest.fixture
def driver(empty_redis: RedisServer) -> Iterator[Redis]:
    with Redis(port=empty_redis.port) as driver:
        yield driver


def storage(driver: Redis, prefix: str = "botkeep:") -> RedisStorage:
    return RedisStorage(aioredis.Redis(port=driver.get_connection_kwargs()["port"]), prefix=prefix)


async def test_documents_are_readable_in_redis_cli(driver: Redis) -> None:
    async with storage(driver) as bot:
        await bot.set_state("order:17", {"name": "Order:size", "data": {"pizza": "margherita"}})
        await bot.increment("visits", 41)
        await bot.namespace("shop").set_state("order:17", "ordered")
        await bot.namespace("shop").namespace("cart").set_state("order:17", None)

    assert {key: driver.get(key) for key in driver.scan_iter()} == {
        b"botkeep::order:17": b'{"name":"Order:size","data":{"pizza":"margherita"}}',
        b"botkeep::visits": b"41",
        b"botkeep:/shop:order:17": b'"ordered"',
        b"botkeep:/shop/cart:order:17": b"null",
    }


async def test_the_server_itself_forgets_what_expires(driver: Redis) -> None:
    async with storage(driver) as bot:
        await bot.set_state("order", "ordered", ttl=60)
        await bot.increment("visits", ttl=0.0001)

    assert 59_000 < driver.pttl("botkeep::order") <= 60_000
    assert driver.pttl("botkeep::visits") <= 1


@pytest.mark.parametrize("prefix", HOSTILE)
async def test_nothing_outside_a_prefix_is_touched(driver: Redis, prefix: str) -> None:
    foreign = [
        "bot",
        "bot:order",
        "b",
        "bxt::order",
        "x::order",
        "[x",
        "a",
        "a:b",
        "a:b::order",
        "a:order",
        "order",
        f"x{prefix}::order",
        prefix,
        "b\\xt::order",
        "::",
        "",
    ]
    driver.mset(
        {key: "foreign" for key in foreign if not key.encode().startswith(KeySpace(prefix).key("", ""))}
    )
    before = {key: driver.get(key) for key in driver.scan_iter()}
    async with storage(driver, prefix) as bot:
        await bot.set_state("order", "ours")
        await bot.namespace("shop").set_state("order", "ours")

        assert await bot.list_keys() == ["order"]
        assert await bot.list_namespaces() == ["shop"]
        assert await bot.namespace("shop").clear_namespace() == 1
        assert await bot.clear_namespace() == 1
    assert {key: driver.get(key) for key in driver.scan_iter()} == before


async def test_prefixes_that_begin_alike_are_walls(driver: Redis) -> None:
    prefixes = ["a", "a:b", "a:b:c:", "ab", "a/b"]
    for prefix in prefixes:
        async with storage(driver, prefix) as bot:
            for identifier in ["x", "b:x", ":x", "/b:x", "b::x", ":b::x", ":c::x"]:
                await bot.set_state(identifier, prefix)
            await bot.namespace("b").set_state("x", prefix)
            await bot.namespace("b:c").set_state("x", prefix)

    for prefix in prefixes:
        async with storage(driver, prefix) as bot:
            assert {await bot.get_state(key) for key in await bot.list_keys()} == {prefix}
            assert await bot.list_namespaces() == ["b", "b:c"]
            assert await bot.clear_namespace() == 7
            assert await bot.namespace("b").clear_namespace() == 1


@given(one=KEYS, other=KEYS)
def test_no_two_documents_share_a_key(
    one: tuple[str, tuple[str, ...], str], other: tuple[str, tuple[str, ...], str]
) -> None:
    assert (key_of(*one) == key_of(*other)) == (one == other)


@given(key=KEYS)
def test_a_key_tells_its_namespace_and_identifier(key: tuple[str, tuple[str, ...], str]) -> None:
    prefix, names, identifier = key
    space, namespace = KeySpace(prefix or ":"), path_of(names)

    assert space.namespace(key_of(*key)) == namespace
    assert space.identifier(namespace, key_of(*key)) == identifier


def key_of(prefix: str, names: tuple[str, ...], identifier: str) -> bytes:
    return KeySpace(prefix or ":").key(path_of(names), identifier)


def path_of(names: tuple[str, ...]) -> str:
    path = ""
    for name in names:
        path = paths.inner(path, name)
    return path


@pytest.mark.parametrize("prefix", ["", "a::b", "a::", "::", "a:/b", "a\0b", "\ud800"], ids=ascii)
def test_a_prefix_that_could_be_mistaken_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match=r"prefix|surrogates"):
        KeySpace(prefix)


async def test_what_somebody_else_left_under_our_prefix_is_not_listed_as_ours(driver: Redis) -> None:
    driver.mset({b"botkeep::\xff": "x", b"botkeep::": "x", b"botkeep:/": "x", b"botkeep:/x": "x"})
    async with storage(driver) as bot:
        await bot.set_state("order", "ours")

        assert await bot.list_keys() == ["order"]
