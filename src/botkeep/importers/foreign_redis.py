"""The strings that another program keeps on a Redis server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from botkeep.errors import StorageUnavailableError
from botkeep.importers.staging import StagedDocuments

_GLOB_CHARACTERS: Final = re.compile(r"[*?\[\]\\]")
_KEYS_A_TRIP: Final = 1000


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


async def read_strings(url: str, prefix: str, staged: StagedDocuments) -> AsyncIterator[ForeignString]:
    """Yield the strings under the keys that begin with a prefix, each once.

    Args:
        url: the server's.
        prefix: what the keys begin with.
        staged: where keys are refused that hold something else.

    Raises:
        StorageUnavailableError: the server cannot be reached.
    """
    client = Redis.from_url(url, decode_responses=False)
    try:
        pattern = _GLOB_CHARACTERS.sub(r"\\\g<0>", prefix).encode() + b"*"
        # A scan may bring a key twice.
        keys = sorted({key async for key in client.scan_iter(pattern, count=_KEYS_A_TRIP)})
        for start in range(0, len(keys), _KEYS_A_TRIP):
            for key, value, milliseconds in await _read(client, keys[start : start + _KEYS_A_TRIP]):
                # What is no UTF-8 becomes lone surrogates, which no identifier may have.
                name = key.decode(errors="surrogateescape")
                text = _text(value)
                if isinstance(text, str):
                    yield ForeignString(name, text, _seconds(milliseconds))
                else:
                    staged.refuse(name, text.reason)
    except RedisError as exc:
        raise StorageUnavailableError(url.rpartition("@")[2], str(exc)) from exc
    finally:
        await client.aclose()


async def _read(client: Any, keys: Sequence[bytes]) -> list[tuple[bytes, Any, Any]]:
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.get(key).pttl(key)
    replies = await pipeline.execute(raise_on_error=False)
    found = zip(keys, replies[::2], replies[1::2], strict=True)
    return [item for item in found if item[1] is not None]


class _NoText(NamedTuple):
    reason: str


def _text(value: Any) -> str | _NoText:
    if isinstance(value, Exception):
        return _NoText(f"it is no string: {value}")
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError as exc:
        return _NoText(f"it is no text: {exc}")


def _seconds(milliseconds: int) -> float | None:
    # A key that is gone by now has -2, and so 0 seconds left.
    return None if milliseconds == -1 else max(milliseconds, 0) / 1000
