"""The replies of a batch, read in one go where they are plain values.

redis-py reads one reply at a time through four coroutines, which takes longer than all else that is done for
a call. Texts, numbers and nulls are told apart here instead (redis.io/docs/latest/develop/reference/
protocol-spec); from the first reply on that is something else, redis-py reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from redis.exceptions import ConnectionError as RedisConnectionError

_ALL: Final = 2**30
"""More bytes than a stream buffers: a read of so many leaves none behind."""

_HUNG_UP: Final = "the server closed the connection"

_END: Final = b"\r\n"
_SIMPLE_TEXT: Final = ord("+")
_NUMBER: Final = ord(":")
_TEXT: Final = ord("$")
_NULL: Final = ord("_")


class Awaiting(Protocol):
    """What waits for a reply."""

    reply: Any


async def read_plain_replies(stream: asyncio.StreamReader, calls: Sequence[Awaiting]) -> int:
    """Note each reply in its call, as soon as it comes, up to the first that is no plain value.

    Returns:
        How many replies were read; the stream stands before the next one.

    Raises:
        redis.exceptions.ConnectionError: the server hung up.
    """
    data, start = b"", 0
    for number, call in enumerate(calls):
        while (end := data.find(_END, start)) < 0:
            data, start = data[start:] + await _next_bytes(stream), 0
        kind, after = data[start], end + 2
        if kind == _TEXT and data[start + 1 : after] != b"-1\r\n":
            size = int(data[start + 1 : end])
            missing = after + size + 2 - len(data)
            if missing > 0:
                data += await _exactly(stream, missing)
            call.reply = data[after : after + size]
            after += size + 2
        elif kind == _SIMPLE_TEXT:
            call.reply = data[start + 1 : end]
        elif kind == _NUMBER:
            call.reply = int(data[start + 1 : end])
        elif kind in (_NULL, _TEXT):
            call.reply = None
        else:
            stream.feed_data(data[start:])
            return number
        start = after
    if start < len(data):
        stream.feed_data(data[start:])  # what the server says unasked
    return len(calls)


async def _next_bytes(stream: asyncio.StreamReader) -> bytes:
    try:
        data = await stream.read(_ALL)
    except OSError as exc:
        raise RedisConnectionError(f"error while reading: {exc}") from exc
    if not data:
        raise RedisConnectionError(_HUNG_UP)
    return data


async def _exactly(stream: asyncio.StreamReader, size: int) -> bytes:
    try:
        return await stream.readexactly(size)
    except OSError as exc:
        raise RedisConnectionError(f"error while reading: {exc}") from exc
    except asyncio.IncompleteReadError as exc:
        raise RedisConnectionError(_HUNG_UP) from exc
