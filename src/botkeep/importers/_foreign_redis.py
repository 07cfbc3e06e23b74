"""What lies on a Redis server under the keys of somebody else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from botkeep.errors import StorageUnavailableError
from botkeep.importers._arrivals import refusal

_MAGIC: Final = re.compile(r"[*?\[\]\\]")
_TOGETHER: Final = 1000


class ForeignString(NamedTuple):
    """One key.

    Attributes:
        name: the key.
        text: its value.
        seconds: left to live; None: it never expires.
    """

    name: str
    text: str
    seconds: float | None


async def strings(url: str, prefix: str) -> AsyncIterator[ForeignString]:
    """Yield the strings under the keys that begin with a prefix, each once.

    Raises:
        MigrationError: there is something else under such a key.
        StorageUnavailableError: the server cannot be reached.
    """
    client = Redis.from_url(url, decode_responses=False)
    try:
        pattern = _MAGIC.sub(r"\\\g<0>", prefix).encode() + b"*"
        # A scan may bring a key twice.
        keys = sorted({key async for key in client.scan_iter(pattern, count=_TOGETHER)})
        for start in range(0, len(keys), _TOGETHER):
            for found in await _read(client, keys[start : start + _TOGETHER]):
                yield found
    except RedisError as exc:
        raise StorageUnavailableError(url.rpartition("@")[2], str(exc)) from exc
    finally:
        await client.aclose()


async def _read(client: Any, keys: Sequence[bytes]) -> list[ForeignString]:
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.get(key).pttl(key)
    replies = await pipeline.execute(raise_on_error=False)
    found = zip(keys, replies[::2], replies[1::2], strict=True)
    return [_foreign_string(*item) for item in found if item[1] is not None]


def _foreign_string(key: bytes, value: Any, milliseconds: Any) -> ForeignString:
    name = key.decode(errors="replace")
    if isinstance(value, Exception):
        raise refusal(name, f"it is no string: {value}") from value
    try:
        text = value.decode()
    except UnicodeDecodeError as exc:
        raise refusal(name, f"it is no text: {exc}") from exc
    # A key that is gone by now has -2, and so 0 seconds left.
    left = None if milliseconds == -1 else max(milliseconds, 0) / 1000
    return ForeignString(name, text, left)
