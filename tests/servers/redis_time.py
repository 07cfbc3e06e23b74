"""Time for servers whose clock cannot be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis import Redis, RedisCluster

from botkeep import RedisStorage
from botkeep.storages.redis.scripts import Script

if TYPE_CHECKING:
    from botkeep.storages.redis.commands import Request
    from botkeep.storages.redis.retries import RetryingRouter


class RedisStorageInTestTime(RedisStorage):
    """A storage on a server to whose scripts it is always as late as on the storage's clock."""

    def _new_router(self) -> RetryingRouter:
        router = super()._new_router()
        call = router.call

        async def call_in_test_time(request: Request, *arguments: Any, **others: Any) -> Any:
            return await call(in_test_time(request, self.server_now()), *arguments, **others)

        router.call = call_in_test_time  # type: ignore[method-assign] # for this one storage
        return router

    def server_now(self) -> float:
        """Return the time that the server's scripts see, in seconds since the epoch."""
        return self._clock()


def in_test_time(request: Request, now: float) -> Request:
    """Return the request with this time in place of the server's, if it is a script that asks for it."""
    text = "" if request.script is None else request.script.text.decode()
    if "redis.call('TIME')" not in text:
        return request
    seconds, milliseconds = divmod(round(now * 1000), 1000)
    text = text.replace("redis.call('TIME')", f"{{{seconds}, {milliseconds * 1000}}}")
    return request._replace(script=Script(text))


def grow_older(driver: Redis | RedisCluster, seconds: float) -> None:
    """Take so much from what every key has left to live."""
    for key in driver.scan_iter():
        left = driver.pttl(key)
        assert isinstance(left, int)
        if left > 0:
            driver.pexpire(key, max(left - round(seconds * 1000), 0))
