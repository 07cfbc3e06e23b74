"""A function with a limit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from botkeep import MemoryStorage
from botkeep.errors import IdentifierError, RateLimitedError
from botkeep.ratelimit import RateLimiter
from botkeep.testing import FakeClock


@pytest.fixture
async def limiter(clock: FakeClock) -> AsyncIterator[RateLimiter]:
    async with MemoryStorage(clock=clock) as storage:
        yield RateLimiter(storage, "2/minute")


async def test_a_call_too_many_raises_and_does_not_run(limiter: RateLimiter) -> None:
    texts = []

    @limiter.limited()
    async def say(text: str) -> str:
        texts.append(text)
        return text.upper()

    assert [await say("a"), await say("b")] == ["A", "B"]
    with pytest.raises(RateLimitedError, match=r"its limit is 2\); try again in 60.0 s") as caught:
        await say("c")
    assert texts == ["a", "b"]
    assert caught.value.verdict.retry_after == 60.0
    assert caught.value.key.endswith("say")


async def test_the_key_may_be_taken_from_the_arguments(limiter: RateLimiter) -> None:
    @limiter.limited(lambda user_id, **_: user_id)
    async def search(user_id: int, *, text: str = "") -> str:
        return f"{user_id}: {text}"

    await search(1, text="cats")
    await search(1)

    assert await search(2, text="dogs") == "2: dogs"
    with pytest.raises(RateLimitedError, match="'1'"):
        await search(1)


async def test_functions_with_one_key_share_their_limit(limiter: RateLimiter) -> None:
    @limiter.limited("api")
    async def one() -> None: ...

    @limiter.limited("api")
    async def other() -> None: ...

    await one()
    await other()

    with pytest.raises(RateLimitedError):
        await one()


async def test_a_call_may_cost_more(limiter: RateLimiter) -> None:
    @limiter.limited("api", cost=2)
    async def dear() -> None: ...

    await dear()

    assert (await limiter.peek("api")).remaining == 0


async def test_a_key_of_the_wrong_type_raises_and_nothing_runs(limiter: RateLimiter) -> None:
    key: Any = lambda: 1.5  # noqa: E731 # a key function with a mistake

    @limiter.limited(key)
    async def never() -> None:
        pytest.fail("it ran")

    with pytest.raises(IdentifierError, match="must be an int or a str, not float"):
        await never()


def test_only_async_functions_can_be_limited() -> None:
    limiter = RateLimiter(MemoryStorage(), "2/minute")
    plain: Any = len

    with pytest.raises(TypeError, match="async def"):
        limiter.limited()(plain)
    with pytest.raises(ValueError, match="from 1 to 2"):
        limiter.limited(cost=3)


async def test_the_decorated_function_keeps_its_name(limiter: RateLimiter) -> None:
    @limiter.limited()
    async def say() -> None:
        """Say it."""

    assert (say.__name__, say.__doc__) == ("say", "Say it.")
