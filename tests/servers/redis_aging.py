"""A RedisStorage whose documents, and whose server, grow older with the test's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botkeep.testing import FakeClock

if TYPE_CHECKING:
    # Imported where they are used: who tests other storages need not have redis-py.
    from tests.servers.redis_server import RedisServer

    from botkeep import RedisStorage


def aging_storage(server: RedisServer, clock: FakeClock) -> RedisStorage:
    """Return a storage on the server; from now on ``clock.advance`` makes the server's keys older too."""
    from redis import Redis
    from tests.servers.redis_time import RedisStorageInTestTime, grow_older

    def advance(seconds: float) -> None:
        FakeClock.advance(clock, seconds)
        with Redis.from_url(server.url) as driver:
            grow_older(driver, seconds)

    clock.advance = advance  # type: ignore[method-assign] # the server has no clock to move
    return RedisStorageInTestTime.from_url(server.url, clock=clock)
