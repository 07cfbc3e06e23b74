"""The server is killed and restarted under load: totals are exact, or every unknown outcome was reported."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis import asyncio as aioredis
from tests.servers.kinds import on_redis_and_valkey
from tests.servers.redis_server import RedisServer

from botkeep.errors import OutcomeUnknownError, StorageUnavailableError
from botkeep.storages.redis import RedisStorage

WORKERS = 20
KILLS = 5


def adding(entry: str) -> Callable[[list[str]], list[str]]:
    """Return the change that puts an entry at the end."""

    def add(journal: list[str]) -> list[str]:
        return [*journal, entry]

    return add


class Ledger:
    """What callers were told.

    Attributes:
        done: calls that returned.
        unknown: calls that said they do not know.
        refused: calls that said nothing was done.
    """

    def __init__(self) -> None:
        self.done = 0
        self.unknown = 0
        self.refused = 0

    async def enter(self, call: Awaitable[object]) -> None:
        try:
            await call
        except OutcomeUnknownError:
            self.unknown += 1
        except StorageUnavailableError:
            self.refused += 1
        else:
            self.done += 1

    def bears_out(self, total: int) -> bool:
        return self.done <= total <= self.done + self.unknown


@pytest.fixture
def server(start_redis: Callable[..., RedisServer]) -> RedisServer:
    """A server that has every write on the disk before it answers."""
    return start_redis("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
async def storage(server: RedisServer) -> AsyncIterator[RedisStorage]:
    async with RedisStorage(aioredis.Redis(port=server.port)) as storage:
        yield storage


@pytest.fixture
async def killing(server: RedisServer, storage: RedisStorage) -> AsyncIterator[asyncio.Task[None]]:
    """The server's bad day; it is over, and the server up, when the task has ended."""
    assert await storage.health()
    day = asyncio.ensure_future(_bad_day(server))
    yield day
    await day


async def _bad_day(server: RedisServer) -> None:
    moments = random.Random(2026)
    for _ in range(KILLS):
        await asyncio.sleep(moments.uniform(0.1, 0.4))
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(moments.uniform(0, 0.3))
        await asyncio.to_thread(server.start)


async def test_counters_are_exact_up_to_what_was_reported_as_unknown(
    storage: RedisStorage, killing: asyncio.Task[None]
) -> None:
    everyone, own = Ledger(), [Ledger() for _ in range(WORKERS)]

    async def work(number: int) -> None:
        while not killing.done():
            await everyone.enter(storage.increment("everyone"))
            await own[number].enter(storage.increment(f"own {number}"))

    await asyncio.gather(*(work(number) for number in range(WORKERS)))

    assert everyone.done > WORKERS
    assert everyone.bears_out(await storage.increment("everyone", 0))
    for number, ledger in enumerate(own):
        assert ledger.bears_out(await storage.increment(f"own {number}", 0))


@on_redis_and_valkey
async def test_a_swap_is_never_called_lost_when_it_was_won(
    storage: RedisStorage, killing: asyncio.Task[None]
) -> None:
    async def work(identifier: str) -> int:
        version = 0
        await storage.set_state(identifier, version)
        while not killing.done():
            try:
                assert await storage.compare_and_set(identifier, version + 1, expected=version)
            except OutcomeUnknownError:
                found = await storage.get_state(identifier)
                assert found in (version, version + 1)
                version = found
            else:
                version += 1
        assert await storage.get_state(identifier) == version
        return version

    versions = await asyncio.gather(*(work(f"order {number}") for number in range(WORKERS)))

    assert min(versions) > 1


async def test_updates_are_all_there_or_reported_as_unknown(
    storage: RedisStorage, killing: asyncio.Task[None]
) -> None:
    ledger = Ledger()

    async def work(number: int) -> None:
        turn = 0
        while not killing.done():
            turn += 1
            await ledger.enter(storage.update("journal", adding(f"{number}/{turn}"), default=[]))

    await asyncio.gather(*(work(number) for number in range(5)))
    journal = await storage.get_state("journal")

    assert len(set(journal)) == len(journal)
    assert ledger.bears_out(len(journal))
