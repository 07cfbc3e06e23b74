"""Time for servers whose clock cannot be moved."""

from __future__ import annotations

from redis import Redis, RedisCluster


def grow_older(driver: Redis | RedisCluster, seconds: float) -> None:
    """Take so much from what every key has left to live."""
    for key in driver.scan_iter():
        left = driver.pttl(key)
        assert isinstance(left, int)
        if left > 0:
            driver.pexpire(key, max(left - round(seconds * 1000), 0))
