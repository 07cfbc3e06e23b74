"""The laws of a limiter, on every storage and in every strategy."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botkeep import IdentifierError
from botkeep.abc import BaseStorage
from botkeep.ratelimit import Rate, RateLimiter
from botkeep.ratelimit.strategies import StrategyName
from botkeep.testing import FakeClock


async def records(storage: BaseStorage) -> list[str]:
    inside = storage.namespace("ratelimit")
    return [
        key for name in await inside.list_namespaces() for key in await inside.namespace(name).list_keys()
    ]


async def test_of_200_hits_at_once_exactly_the_limit_is_allowed(
    storage: BaseStorage, strategy: StrategyName
) -> None:
    limiter = RateLimiter(storage, "50/minute", strategy=strategy)
    verdicts = await asyncio.gather(*(limiter.hit("spammer") for _ in range(200)))

    assert sum(verdict.allowed for verdict in verdicts) == 50
    assert sorted(verdict.remaining for verdict in verdicts if verdict) == list(range(50))


async def test_a_verdict_says_what_was_decided(storage: BaseStorage, clock: FakeClock) -> None:
    limiter = RateLimiter(storage, "2/minute")
    first, second, third = [await limiter.hit("alice") for _ in range(3)]

    assert (first.allowed, first.limit, first.remaining, first.retry_after) == (True, 2, 1, 0.0)
    assert (second.allowed, second.remaining) == (True, 0)
    assert (third.allowed, third.remaining, third.retry_after) == (False, 0, 60.0)
    assert first.reset_at == third.reset_at == clock() + 60
    assert not third.degraded


async def test_a_verdict_is_true_exactly_when_it_allows(storage: BaseStorage) -> None:
    limiter = RateLimiter(storage, "1/minute")

    assert await limiter.hit("alice")
    assert not await limiter.hit("alice")


async def test_keys_are_limited_apart(storage: BaseStorage, strategy: StrategyName) -> None:
    limiter = RateLimiter(storage, "1/minute", strategy=strategy)
    await limiter.hit("alice")

    assert await limiter.hit("bob")


async def test_a_number_and_its_text_are_one_key(storage: BaseStorage) -> None:
    limiter = RateLimiter(storage, "1/minute")
    await limiter.hit(42)

    assert not await limiter.hit("42")


async def test_a_denied_hit_never_extends_a_ban(
    storage: BaseStorage, strategy: StrategyName, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, "5/minute", strategy=strategy)
    for _ in range(5):
        await limiter.hit("alice")
    free_at = clock() + (await limiter.hit("alice")).retry_after
    while clock() + 1 < free_at:
        clock.advance(1)
        denied = await limiter.hit("alice")

        assert not denied
        assert clock() + denied.retry_after == pytest.approx(free_at)
    clock.advance(denied.retry_after)

    assert await limiter.hit("alice")


async def test_a_hit_is_denied_until_the_moment_that_was_promised(
    storage: BaseStorage, strategy: StrategyName, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, "7/minute", strategy=strategy)
    clock.advance(13.37)
    for _ in range(7):
        await limiter.hit("alice")
    denied = await limiter.hit("alice", cost=3)
    clock.advance(denied.retry_after - 0.002)

    assert not await limiter.peek("alice", cost=3)
    clock.advance(0.002)
    assert await limiter.hit("alice", cost=3)


async def test_the_whole_limit_is_there_at_reset_at(
    storage: BaseStorage, strategy: StrategyName, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, "5/minute", strategy=strategy)
    clock.advance(20)
    verdict = [await limiter.hit("alice") for _ in range(4)][-1]
    clock.advance(verdict.reset_at - clock())

    assert (await limiter.peek("alice")).remaining == 5


async def test_a_cost_counts_as_so_many_hits(storage: BaseStorage, strategy: StrategyName) -> None:
    limiter = RateLimiter(storage, "5/minute", strategy=strategy)

    assert (await limiter.hit("alice", cost=3)).remaining == 2
    assert not await limiter.hit("alice", cost=3)
    assert (await limiter.hit("alice", cost=2)).remaining == 0


@pytest.mark.parametrize("cost", [0, -1, 6])
async def test_a_cost_that_no_hit_can_have_is_refused(storage: BaseStorage, cost: int) -> None:
    limiter = RateLimiter(storage, ["100/hour", "5/minute"])

    with pytest.raises(ValueError, match=f"from 1 to 5, the limit, not {cost}"):
        await limiter.hit("alice", cost=cost)


@pytest.mark.parametrize("cost", [True, 1.0, "1", None])
async def test_a_cost_of_another_type_is_refused(storage: BaseStorage, cost: Any) -> None:
    with pytest.raises(TypeError, match="cost must be an int"):
        await RateLimiter(storage, "5/minute").hit("alice", cost=cost)


@pytest.mark.parametrize("key", ["", "a\0b", None, 1.5, True, "x" * 1025])
async def test_a_key_that_is_no_identifier_is_refused(storage: BaseStorage, key: Any) -> None:
    with pytest.raises(IdentifierError):
        await RateLimiter(storage, "5/minute").hit(key)


async def test_of_several_limits_all_are_counted_or_none(
    storage: BaseStorage, strategy: StrategyName, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, ["2/second", "5/minute"], strategy=strategy)
    allowed = []
    for _ in range(4):
        allowed += [bool(await limiter.hit("alice")) for _ in range(3)]
        clock.advance(2)

    assert allowed == [True, True, False, True, True, False, True, False, False, False, False, False]


async def test_of_several_limits_the_verdict_names_the_one_that_matters(storage: BaseStorage) -> None:
    limiter = RateLimiter(storage, ["2/second", "3/minute"])
    verdicts = [await limiter.hit("alice") for _ in range(3)]

    assert [verdict.limit for verdict in verdicts] == [2, 2, 2]
    assert verdicts[2].retry_after == 1.0


async def test_of_several_limits_that_deny_the_longest_wait_holds(storage: BaseStorage) -> None:
    limiter = RateLimiter(storage, ["1/second", "1/minute"])
    await limiter.hit("alice")
    denied = await limiter.hit("alice")

    assert (denied.limit, denied.retry_after) == (1, 60.0)


async def test_a_look_counts_nothing_and_says_what_a_hit_would(
    storage: BaseStorage, strategy: StrategyName
) -> None:
    limiter = RateLimiter(storage, "2/minute", strategy=strategy)

    assert [(await limiter.peek("alice")).remaining for _ in range(3)] == [2, 2, 2]
    assert not await records(storage)
    await limiter.hit("alice", cost=2)
    assert await limiter.peek("alice") == await limiter.hit("alice")


async def test_a_reset_forgets_the_hits_of_one_key(storage: BaseStorage, strategy: StrategyName) -> None:
    limiter = RateLimiter(storage, "1/minute", strategy=strategy)
    await limiter.hit("alice")
    await limiter.hit("bob")

    assert await limiter.reset("alice")
    assert not await limiter.reset("alice")
    assert await limiter.hit("alice")
    assert not await limiter.hit("bob")


async def test_records_expire_by_themselves(
    storage: BaseStorage, strategy: StrategyName, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, ["5/second", "5/minute"], strategy=strategy)
    for user in range(20):
        await limiter.hit(user)

    assert len(await records(storage)) == 20
    clock.advance(120)
    assert not await records(storage)


async def test_limiters_of_the_same_rates_share_and_others_do_not(storage: BaseStorage) -> None:
    await RateLimiter(storage, "1/minute").hit("alice")

    assert not await RateLimiter(storage, Rate(1, 60.0)).hit("alice")
    assert await RateLimiter(storage, "1/hour").hit("alice")
    assert await RateLimiter(storage, "1/minute", strategy="gcra").hit("alice")
    assert await RateLimiter(storage.namespace("photos"), "1/minute").hit("alice")


async def test_counting_leaves_the_documents_of_the_bot_alone(
    storage: BaseStorage, strategy: StrategyName
) -> None:
    await storage.set_state("alice", "hers")
    await RateLimiter(storage, "1/minute", strategy=strategy).hit("alice")
    await storage.clear_namespace()

    assert not await RateLimiter(storage, "1/minute", strategy=strategy).hit("alice")


async def test_a_clock_that_falls_back_a_little_opens_no_second_window(
    storage: BaseStorage, strategy: StrategyName, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, "5/minute", strategy=strategy)
    await limiter.hit("alice", cost=5)
    clock.advance(-2)

    assert not await limiter.hit("alice")


async def test_a_clock_that_was_a_year_ahead_bans_nobody_for_a_year(
    storage: BaseStorage, strategy: StrategyName, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, "5/minute", strategy=strategy)
    clock.advance(31_536_000)
    await limiter.hit("alice", cost=5)
    clock.advance(-31_536_000)

    assert not await limiter.hit("alice")
    clock.advance(120)
    assert await limiter.hit("alice", cost=5)
    assert not await limiter.hit("alice")


async def test_a_limiter_shows_its_rates(storage: BaseStorage) -> None:
    assert repr(RateLimiter(storage, ["1/second", "20/minute"])) == "RateLimiter(1 per 1s, 20 per 60s; fixed)"
