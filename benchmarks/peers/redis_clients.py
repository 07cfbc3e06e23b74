"""redis-py's client with the parser that is said, whichever of the two is installed.

redis-py takes hiredis, a parser in C, if that is there; `pip install redis` alone has the one in Python.
"""

from __future__ import annotations

from typing import Any, Final

from redis._parsers import _AsyncHiredisParser, _AsyncRESP3Parser
from redis.asyncio import Redis

PYTHON: Final[Any] = _AsyncRESP3Parser
HIREDIS: Final[Any] = _AsyncHiredisParser


def new_client(port: int, parser: Any = PYTHON) -> Redis:
    """Return a client that uses this parser."""
    pool = Redis(port=port).connection_pool
    pool.connection_kwargs["parser_class"] = parser
    return Redis.from_pool(pool)
