"""Many calls are one round trip, in the order they were made, and each has an answer of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis import Redis
from redis import asyncio as aioredis
from tests.servers.redis_server import RedisServer, until

from botkeep.errors import CounterOverflowError, NotACounterError
from botkeep.storages.redis import RedisStorage
from botkeep.testing.faults import FaultProxy
from botkeep.ttl import KEEP_TTL


@pytest.fixture
def driver(empty_redis: RedisServer) -> Iterator[Redis]:
    with Redis(port=empty_redis.port) as driver:
        yield driver


@pytest.fixture
async def proxy(driver: Redis) -> AsyncIterator[FaultProxy]:
    async with FaultProxy("127.0.0.1", driver.get_connection_kwargs()["port"]) as proxy:
        yield proxy


@pytest.fixture
async def storage(proxy: FaultProxy) -> AsyncIterator[RedisStorage]:
    """An open storage whose bytes are counted."""
    async with RedisStorage(aioredis.Redis(port=proxy.port)) as storage:
        yield storage


async def trips(proxy: FaultProxy, *calls: Any) -> int:
    before = proxy.round_trips
    await asyncio.gather(*calls)
    return proxy.round_trips - before


async def test_every_verb_on_one_document_is_one_round_trip(storage: RedisStorage, proxy: FaultProxy) -> None:
    assert await trips(proxy, storage.set_state("order", {"size": "big"}, ttl=60)) == 1
    assert await trips(proxy, storage.set_state("order", {"size": "big"}, ttl=KEEP_TTL)) == 1
    assert await trips(proxy, storage.get_state("order")) == 1
    assert await trips(proxy, storage.compare_and_set("order", 1, expected={"size": "big"})) == 1
    assert await trips(proxy, storage.increment("order", ttl=60)) == 1
    assert await trips(proxy, storage.touch("order", ttl=60)) == 1
    assert await trips(proxy, storage.get_ttl("order")) == 1
    assert await trips(proxy, storage.delete_state("order")) == 1


async def test_a_swap_of_equal_values_in_other_bytes_is_two_round_trips(
    storage: RedisStorage, proxy: FaultProxy
) -> None:
    await storage.set_state("order", {"size": "big", "count": 1})
    swap = storage.compare_and_set("order", "new", expected={"count": 1.0, "size": "big"})

    assert await trips(proxy, swap) == 2
    assert await storage.get_state("order") == "new"


async def test_calls_made_together_are_one_round_trip(storage: RedisStorage, proxy: FaultProxy) -> None:
    await storage.set_state("order", 1)
    calls = [
        call
        for number in range(50)
        for call in (storage.get_state("order"), storage.increment(f"count {number}", ttl=60))
    ]

    assert await trips(proxy, *calls) == 1


async def test_calls_made_during_a_trip_share_the_next_one(storage: RedisStorage, proxy: FaultProxy) -> None:
    async def one_after_the_other() -> None:
        for _ in range(5):
            await storage.increment("count")

    proxy.replies.delay(0.01)

    assert await trips(proxy, *(one_after_the_other() for _ in range(100))) <= 10
    assert await storage.increment("count", 0) == 500


async def test_a_round_trip_carries_so_many_calls_at_most(storage: RedisStorage, proxy: FaultProxy) -> None:
    proxy.replies.delay(0.01)

    assert await trips(proxy, *(storage.increment("count") for _ in range(1000))) == 4


async def test_large_documents_go_together_too(storage: RedisStorage) -> None:
    documents = {f"order {number}": str(number) * 1_000_000 for number in range(10)}
    await asyncio.gather(*(storage.set_state(key, document) for key, document in documents.items()))

    assert await asyncio.gather(*map(storage.get_state, documents)) == list(documents.values())


async def test_a_caller_s_calls_keep_their_order(storage: RedisStorage) -> None:
    answers = await asyncio.gather(
        storage.set_state("order", 1),
        storage.get_state("order"),
        storage.increment("order"),
        storage.get_state("order"),
        storage.compare_and_set("order", 5, expected=2),
        storage.increment("order"),
        storage.delete_state("order"),
        storage.get_state("order"),
        storage.increment("order"),
    )

    assert answers == [None, 1, 2, 2, True, 6, True, None, 1]


async def test_one_call_s_error_is_its_own(storage: RedisStorage, driver: Redis) -> None:
    driver.mset({"botkeep::full": 2**63 - 1, "botkeep::text": '"text"'})
    driver.lpush("botkeep::list", "foreign")
    calls: list[Any] = [
        storage.increment("count"),
        storage.increment("full"),
        storage.increment("count"),
        storage.increment("text"),
        storage.get_state("list"),
        storage.increment("count"),
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)

    assert [answer for answer in answers if isinstance(answer, int)] == [1, 2, 3]
    assert isinstance(answers[1], CounterOverflowError)
    assert isinstance(answers[3], NotACounterError)


async def test_scripts_that_the_server_has_forgotten_leave_the_order_as_it_is(
    storage: RedisStorage, driver: Redis
) -> None:
    for total in range(1, 40, 4):
        driver.script_flush()
        answers = await asyncio.gather(
            storage.increment("count"),
            storage.get_state("count"),
            storage.increment("count"),
            storage.compare_and_set("count", total + 2, expected=total + 1),
            storage.get_state("count"),
            storage.increment("count"),
        )

        assert [*answers] == [total, total, total + 1, True, total + 2, total + 3]


async def test_scripts_forgotten_in_the_middle_of_a_batch_are_run_once_each(
    storage: RedisStorage, proxy: FaultProxy, driver: Redis
) -> None:
    before = proxy.requests.passed
    await storage.increment("count 0")
    proxy.requests.hold(after=proxy.requests.passed - before)
    calls = [asyncio.ensure_future(storage.increment(f"count {number}")) for number in range(5)]
    await asyncio.to_thread(until, lambda: driver.get("botkeep::count 0") == b"2", "the first of the batch")
    driver.script_flush()
    proxy.requests.heal()

    assert await asyncio.gather(*calls) == [2, 1, 1, 1, 1]
    assert driver.mget([f"botkeep::count {number}" for number in range(5)]) == [b"2", b"1", b"1", b"1", b"1"]


async def test_an_integer_written_by_hand_with_spaces_is_a_counter_too(
    storage: RedisStorage, driver: Redis
) -> None:
    driver.set("botkeep::count", " 41\n", px=60_000)

    assert await storage.increment("count") == 42
    assert driver.get("botkeep::count") == b"42"
    assert driver.pttl("botkeep::count") > 50_000


async def test_clearing_goes_to_its_end_though_its_caller_is_cancelled(
    storage: RedisStorage, driver: Redis, proxy: FaultProxy
) -> None:
    driver.mset({f"botkeep::{number}": "1" for number in range(5000)})
    proxy.replies.delay(0.002)
    clearing = asyncio.ensure_future(storage.clear_namespace())
    await asyncio.sleep(0.02)
    clearing.cancel()
    await asyncio.wait([clearing])

    assert clearing.cancelled()
    assert driver.dbsize() == 0


async def test_clearing_counts_exactly_what_it_removed(storage: RedisStorage, driver: Redis) -> None:
    driver.mset({f"botkeep::{number}": "1" for number in range(5000)})
    counts = await asyncio.gather(*(storage.clear_namespace() for _ in range(4)))

    assert sum(counts) == 5000


async def test_a_scan_that_goes_on_after_a_reconnection_misses_nothing(
    storage: RedisStorage, driver: Redis, proxy: FaultProxy
) -> None:
    driver.mset({f"botkeep::{number}": "1" for number in range(5000)})
    found: list[str] = []
    async for identifier in storage.scan():
        found.append(identifier)
        if len(found) in (1000, 3000):
            proxy.reset()

    assert sorted(found) == sorted(str(number) for number in range(5000))
