"""Rate limits around all handlers, and around one."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pyrogram import filters
from tests.adapters.pyrogram.offline import OfflineClient

from botkeep import MemoryStorage, Rate
from botkeep_pyrogram import RateLimitMiddleware, rate_limit


@pytest.fixture
async def app() -> AsyncIterator[OfflineClient]:
    client = OfflineClient(storage=MemoryStorage())
    yield client
    if client.is_connected:
        await client.stop()


async def test_an_update_counts_once_and_one_too_many_reaches_nobody(app: OfflineClient) -> None:
    log, limited = [], []

    async def slow_down(client: Any, update: Any, verdict: Any) -> None:
        limited.append(verdict.retry_after > 0)

    app.middleware(RateLimitMiddleware(2, 60, on_limited=slow_down))

    @app.on_message(group=0)
    async def one(client: Any, message: Any) -> None:
        log.append(message.rate_limit.remaining)

    @app.on_message(group=1)
    async def two(client: Any, message: Any) -> None:
        log.append(message.rate_limit.remaining)

    await app.begin()
    for _ in range(4):
        await app.say("hi")

    assert log == [1, 1, 0, 0]
    assert limited == [True, True]


async def test_a_decorated_handler_has_a_limit_of_its_own(app: OfflineClient) -> None:
    log = []

    @app.on_message(filters.regex("^limited$"))
    @rate_limit(1, 60)
    async def limited(client: Any, message: Any) -> None:
        log.append("limited")

    @app.on_message()
    async def free(client: Any, message: Any) -> None:
        log.append("free")

    await app.begin()
    for text in ("limited", "limited", "free", "free"):
        await app.say(text)

    assert log == ["limited", "free", "free"]


@pytest.mark.parametrize(
    "given",
    [("2/hour",), ("2 per 3600s",), (2, 3600), (Rate(2, 3600),), (["2/hour", "9/day"],)],
    ids=str,
)
async def test_a_rate_may_be_written_in_every_way(app: OfflineClient, given: tuple[Any, ...]) -> None:
    log = []
    app.middleware(RateLimitMiddleware(*given, strategy="gcra"))

    @app.on_message()
    @rate_limit(*given, strategy="gcra")
    async def handler(client: Any, message: Any) -> None:
        log.append(message.text)

    await app.begin()
    for number in range(3):
        await app.say(str(number))

    assert log == ["0", "1"]


async def test_a_limit_may_count_in_a_storage_of_its_own(app: OfflineClient) -> None:
    async with MemoryStorage() as counts:
        app.middleware(RateLimitMiddleware(counts, "2/hour"))

        @app.on_message()
        async def handler(client: Any, message: Any) -> None:
            """Take the message."""

        await app.begin()
        await app.say("hi")

        assert await counts.list_namespaces() == ["ratelimit"]
        assert await app.botkeep.list_namespaces() == []


async def test_clients_that_share_a_limit_count_in_their_own_storages() -> None:
    log = []
    limit = RateLimitMiddleware("1/hour", strategy="gcra")
    for _ in range(2):
        app = OfflineClient(storage=MemoryStorage())
        app.middleware(limit)

        @app.on_message()
        async def handler(client: Any, message: Any) -> None:
            log.append(message.text)

        await app.begin()
        await app.say("hi", "again")
        await app.stop()

    assert log == ["hi", "hi"]


@pytest.mark.parametrize(
    ("given", "settings", "message"),
    [
        (("5/minute",), {"scope": "users"}, 'scope must be "user"'),
        (("5/minute",), {"strategy": "slide"}, "strategy must be"),
        (("often",), {}, "is no rate"),
        ((0, 60), {}, "at least 1"),
        ((), {}, 'a limit is "5/minute"'),
        ((5,), {}, "a rate must be"),
        (("5/minute",), {"strateggy": "gcra"}, "strateggy"),
    ],
)
def test_what_is_wrong_with_a_limit_is_said_at_once(
    given: tuple[Any, ...], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        RateLimitMiddleware(*given, **settings)
    with pytest.raises((TypeError, ValueError), match=message):
        rate_limit(*given, **settings)


async def test_a_plain_function_is_limited_as_an_async_one_and_runs_on_a_thread(
    app: OfflineClient, caplog: pytest.LogCaptureFixture
) -> None:
    log = []

    @app.on_message()
    @rate_limit(1, 60)
    def limited(client: Any, message: Any) -> None:
        log.append(threading.current_thread() is threading.main_thread())

    await app.begin()
    await app.say("hi", "hi")

    assert log == [False]
    assert caplog.text == ""


async def test_a_handler_of_raw_updates_may_have_a_limit(
    app: OfflineClient, caplog: pytest.LogCaptureFixture
) -> None:
    log = []

    @app.on_raw_update()
    @rate_limit(5, 60)
    async def limited(client: Any, update: Any, users: Any, chats: Any) -> None:
        log.append(type(users))

    await app.begin()
    await app.say("hi")

    assert log == [dict]
    assert caplog.text == ""
