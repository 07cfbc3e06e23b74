"""A bad network between RedisStorage and the server: the answer is exact, or says that it is not known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis import Redis
from redis import asyncio as aioredis
from tests.servers.kinds import on_redis_and_valkey
from tests.servers.redis_server import RedisServer, until

from botkeep.errors import OutcomeUnknownError, StorageUnavailableError
from botkeep.storages.redis import RedisStorage
from botkeep.testing.faults import FaultProxy

WRITES = 5
COUNT_REPLY = len("$2\r\n11\r\n")
SWAP_REPLIES = {"script": len(":1\r\n"), "IFEQ": len('$5\r\n"old"\r\n')}
"""What a server answers that runs the script, and one that has the command for it."""


@pytest.fixture
def driver(redis_server: RedisServer) -> Iterator[Redis]:
    with Redis(port=redis_server.port) as driver:
        yield driver


@pytest.fixture
async def proxy(empty_redis: RedisServer) -> AsyncIterator[FaultProxy]:
    async with FaultProxy("127.0.0.1", empty_redis.port) as proxy:
        yield proxy


@pytest.fixture
async def storage(proxy: FaultProxy) -> AsyncIterator[RedisStorage]:
    """A storage behind the bad network, on a client that would retry whatever fails."""
    async with RedisStorage(aioredis.Redis(port=proxy.port), timeout=1) as storage:
        yield storage


@pytest.fixture
async def impatient(proxy: FaultProxy) -> AsyncIterator[RedisStorage]:
    async with RedisStorage(aioredis.Redis(port=proxy.port), timeout=0.3) as storage:
        yield storage


async def increments(storage: RedisStorage) -> list[Any]:
    calls = (storage.increment(f"count {number}") for number in range(WRITES))
    return await asyncio.gather(*calls, return_exceptions=True)


async def swaps(storage: RedisStorage) -> list[Any]:
    calls = (storage.compare_and_set(f"order {n}", "new", expected="old") for n in range(WRITES))
    return await asyncio.gather(*calls, return_exceptions=True)


def check_increments(driver: Redis, outcomes: list[Any], known: int) -> None:
    """The first so many totals were told, and are right; of the others nobody claims to know anything."""
    stored = [int(driver.get(f"botkeep::count {number}") or 0) for number in range(WRITES)]

    assert outcomes[:known] == [11] * known == stored[:known]
    assert [type(outcome) for outcome in outcomes[known:]] == [OutcomeUnknownError] * (WRITES - known)
    assert all(total in (10, 11) for total in stored)


def check_swaps(driver: Redis, outcomes: list[Any], known: int) -> None:
    stored = [driver.get(f"botkeep::order {number}") for number in range(WRITES)]

    assert outcomes[:known] == [True] * known
    assert stored[:known] == [b'"new"'] * known
    assert [type(outcome) for outcome in outcomes[known:]] == [OutcomeUnknownError] * (WRITES - known)
    assert all(value in (b'"old"', b'"new"') for value in stored)


def prepare(driver: Redis) -> None:
    driver.mset({f"botkeep::count {number}": 10 for number in range(WRITES)})
    driver.mset({f"botkeep::order {number}": '"old"' for number in range(WRITES)})


@pytest.mark.parametrize("position", range(WRITES * COUNT_REPLY))
async def test_an_increment_whose_reply_is_cut_off_counts_once_or_says_it_does_not_know(
    storage: RedisStorage, proxy: FaultProxy, driver: Redis, position: int
) -> None:
    prepare(driver)
    proxy.replies.cut(after=position)
    outcomes = await increments(storage)

    check_increments(driver, outcomes, known=position // COUNT_REPLY)
    proxy.replies.heal()
    assert await storage.increment("count 0") in (11, 12)


@on_redis_and_valkey
@pytest.mark.parametrize("position", range(0, WRITES * max(SWAP_REPLIES.values()), 2))
async def test_a_swap_whose_reply_is_cut_off_is_never_called_lost(
    storage: RedisStorage, proxy: FaultProxy, driver: Redis, position: int
) -> None:
    prepare(driver)
    server: dict[str, Any] = driver.info("server")
    size = SWAP_REPLIES["IFEQ" if "valkey_version" in server else "script"]
    proxy.replies.cut(after=position)
    outcomes = await swaps(storage)

    check_swaps(driver, outcomes, known=min(position // size, WRITES))


@pytest.mark.parametrize("known", range(WRITES))
async def test_replies_that_never_come_are_not_waited_for_longer_than_the_timeout(
    impatient: RedisStorage, proxy: FaultProxy, driver: Redis, known: int
) -> None:
    prepare(driver)
    proxy.replies.drop(after=known * COUNT_REPLY)
    outcomes = await increments(impatient)
    proxy.replies.heal()

    check_increments(driver, outcomes, known)


@pytest.mark.parametrize("position", range(0, 600, 20))
async def test_requests_cut_in_half_are_done_wholly_or_not_at_all(
    storage: RedisStorage, proxy: FaultProxy, driver: Redis, position: int
) -> None:
    prepare(driver)
    proxy.requests.cut(after=position)
    outcomes = await increments(storage)

    check_increments(driver, outcomes, known=0)


async def test_a_batch_is_never_sent_again_as_a_whole(
    storage: RedisStorage, proxy: FaultProxy, driver: Redis
) -> None:
    proxy.replies.cut(after=len("$1\r\n1\r\n"))
    driver.config_resetstat()
    writes: list[Any] = [
        storage.increment("count"),
        storage.set_state("order", "new"),
        storage.increment("count"),
    ]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)

    statistics = driver.info("commandstats")
    assert statistics["cmdstat_incrby"]["calls"] == 2
    assert statistics["cmdstat_set"]["calls"] == 1
    assert [type(outcome) for outcome in outcomes[1:]] == [OutcomeUnknownError] * 2


async def test_a_read_whose_reply_is_lost_is_made_again(storage: RedisStorage, proxy: FaultProxy) -> None:
    await storage.set_state("order", "stored")
    proxy.replies.cut(after=3)
    asyncio.get_running_loop().call_later(0.1, proxy.replies.heal)

    assert await storage.get_state("order") == "stored"
    assert await storage.get_ttl("order") == float("inf")
    assert await storage.list_keys() == ["order"]


@pytest.mark.parametrize("size", [0, 100, 10_000, 3_000_000])
async def test_a_write_that_cannot_be_sent_at_all_has_certainly_not_happened(
    storage: RedisStorage, proxy: FaultProxy, driver: Redis, size: int
) -> None:
    proxy.refuse()
    await asyncio.sleep(0.02)

    with pytest.raises(StorageUnavailableError) as caught:
        await storage.set_state("order", "x" * size)

    assert type(caught.value) is StorageUnavailableError
    assert driver.get("botkeep::order") is None


async def test_a_server_that_hung_up_while_nobody_called_costs_no_write(
    storage: RedisStorage, proxy: FaultProxy
) -> None:
    assert await storage.increment("count") == 1
    proxy.reset()
    await asyncio.sleep(0.05)

    assert await storage.increment("count") == 2


async def test_calls_wait_for_a_server_that_comes_back_in_time(
    storage: RedisStorage, proxy: FaultProxy
) -> None:
    proxy.refuse()
    await asyncio.sleep(0.02)
    calls = [asyncio.ensure_future(storage.increment("count")) for _ in range(20)]
    await asyncio.sleep(0.2)
    await proxy.accept()

    assert await asyncio.gather(*calls) == list(range(1, 21))


async def test_slow_replies_reach_their_own_callers(storage: RedisStorage, proxy: FaultProxy) -> None:
    proxy.replies.delay(0.02)
    for number in range(5):
        await storage.set_state(f"order {number}", number)

    assert await asyncio.gather(*(storage.get_state(f"order {n}") for n in range(5))) == list(range(5))


async def test_a_cancelled_call_leaves_the_answers_of_others_in_place(
    storage: RedisStorage, proxy: FaultProxy
) -> None:
    await asyncio.gather(*(storage.set_state(f"order {number}", number) for number in range(10)))
    proxy.replies.delay(0.01)
    for cancelled in range(10):
        calls = [asyncio.ensure_future(storage.get_state(f"order {number}")) for number in range(10)]
        await asyncio.sleep(0.001 * cancelled)
        calls[cancelled].cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)

        assert [answer for answer in answers if not isinstance(answer, BaseException)] == [
            number for number in range(10) if number != cancelled
        ]


async def test_all_that_is_cancelled_at_once_leaves_a_storage_that_works(
    storage: RedisStorage, proxy: FaultProxy
) -> None:
    proxy.replies.delay(0.05)
    ours = asyncio.current_task()
    before = asyncio.all_tasks()
    calls = [asyncio.ensure_future(storage.increment("count")) for _ in range(5)]
    await asyncio.sleep(0.02)
    for task in asyncio.all_tasks() - before - {ours}:
        if "FaultProxy" not in repr(task):
            task.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    proxy.replies.heal()

    assert await storage.increment("count", 0) == 5
    await storage.set_state("order", "stored")
    assert await storage.get_state("order") == "stored"


async def test_a_call_that_is_tried_again_has_no_more_time_than_any_other(proxy: FaultProxy) -> None:
    loop = asyncio.get_running_loop()

    async def duration(storage: RedisStorage) -> float:
        start = loop.time()
        with pytest.raises(StorageUnavailableError):
            await storage.increment("count")
        return loop.time() - start

    async with RedisStorage(aioredis.Redis(port=proxy.port), timeout=1.2) as storage:
        proxy.refuse()
        # Its tries leave a pause of half a second, in which the next ones wait.
        calls = [asyncio.ensure_future(duration(storage))]
        await asyncio.sleep(0.45)
        calls += [asyncio.ensure_future(duration(storage)) for _ in range(10)]
        await asyncio.sleep(0.3)
        proxy.requests.hold()
        await proxy.accept()
        start = loop.time()
        while loop.time() < start + 0.3:
            # Some at nearly every moment, also at that between the end of the pause and the next try.
            calls.append(asyncio.ensure_future(duration(storage)))
            await asyncio.sleep(0.001)
        durations = await asyncio.gather(*calls)
        proxy.requests.heal()

    # Twice the time is what a second wait would take.
    assert max(durations[:11]) < 2


async def test_clearing_that_stops_half_way_does_not_say_that_nothing_was_done(
    storage: RedisStorage, proxy: FaultProxy, driver: Redis, empty_redis: RedisServer
) -> None:
    driver.mset({f"botkeep::{number}": "1" for number in range(3000)})
    proxy.replies.delay(0.02)
    clearing = asyncio.ensure_future(storage.clear_namespace())
    try:
        await asyncio.to_thread(until, lambda: driver.dbsize() < 3000, "the first page")
        empty_redis.run("ACL", "SETUSER", "default", "-scan")
        with pytest.raises(OutcomeUnknownError, match="a part of it was done"):
            await clearing
    finally:
        empty_redis.run("ACL", "SETUSER", "default", "+scan")

    assert 0 < driver.dbsize() < 3000


@pytest.mark.parametrize("timeout", [-1, 0, float("nan"), float("inf")])
def test_a_timeout_that_is_none_is_named_as_such(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be a positive, finite number of seconds"):
        RedisStorage(aioredis.Redis(), timeout=timeout)


@pytest.mark.parametrize("timeout", ["5", True, None])
def test_a_timeout_of_another_type_is_named_as_such(timeout: Any) -> None:
    with pytest.raises(TypeError, match="timeout must be seconds"):
        RedisStorage(aioredis.Redis(), timeout=timeout)
