"""What RedisStorage asks a server: one request a call, with all that is needed to send it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botkeep._core.operations import (
    CompareAndDelete,
    CompareAndSet,
    Delete,
    Increment,
    Put,
    Swap,
    Touch,
)
from botkeep.storages.redis import limit_scripts, scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botkeep.hooks import Stored
    from botkeep.ratelimit.decisions import Hit, Limits
    from botkeep.storages.redis.scripts import Script
    from botkeep.ttl import Expiry

_LONGEST_SECONDS: Final = 2.0**52
"""To live, at most: Redis adds the time to live to the time, in milliseconds, and keeps 64 bits."""

_SCAN_COUNT: Final = b"500"
"""Keys that one SCAN looks at: half a millisecond in which the server does nothing else."""

DELETE: Final = Delete()


class Request(NamedTuple):
    """What is asked of a server.

    Attributes:
        words: the command and its arguments, without what is known only when it is sent.
        key: decides which server of a Cluster it goes to.
        identifier: for errors.
        writes: sent twice it may do something twice.
        script: runs this on ``words`` instead.
        expires_at: seconds on the storage's clock; sent as the last word, in milliseconds from then on, so
            that it does not matter what the server's clock says. None: there is no such word.
    """

    words: tuple[bytes, ...]
    key: bytes = b""
    identifier: str = ""
    writes: bool = False
    script: Script | None = None
    expires_at: float | None = None


def milliseconds_left(seconds: float) -> bytes:
    """Return a time to live as commands have it; scripts take "" for one that never ends."""
    return b"" if seconds == math.inf else b"%d" % max(1, round(min(seconds, _LONGEST_SECONDS) * 1000))


def get(key: bytes, identifier: str) -> Request:
    """Return GET: the value, None when absent."""
    return Request((b"GET", key), key, identifier)


def get_expiry(key: bytes, identifier: str) -> Request:
    """Return PTTL: milliseconds left, -1 for never, -2 when absent."""
    return Request((b"PTTL", key), key, identifier)


def get_many(keys: Sequence[bytes]) -> Request:
    """Return a script that answers the values and their expiries."""
    return Request((b"%d" % len(keys), *keys), keys[0], script=scripts.GET_MANY)


def get_at(key: bytes, identifier: str) -> Request:
    """Read a value together with the server's time."""
    return Request((b"1", key), key, identifier, script=scripts.GET_AT)


def add_many(documents: Sequence[tuple[bytes, Stored]], now: float) -> Request:
    """Return a script that stores what is absent, and answers of each whether it was."""
    keys = [key for key, _ in documents]
    values = [word for _, (value, at) in documents for word in (value, milliseconds_left(at - now))]
    words = (b"%d" % len(keys), *keys, *values)
    return Request(words, keys[0], writes=True, script=scripts.ADD_MANY)


def put(key: bytes, identifier: str, operation: Put) -> Request:
    """Return SET, or a script where a stored expiry has to stay."""
    value, expiry = operation
    if expiry.at == math.inf:
        words = (b"SET", key, value, b"KEEPTTL") if expiry.keep else (b"SET", key, value)
        return Request(words, key, identifier, writes=True)
    if expiry.keep:
        return _scripted(scripts.PUT_KEEPING, key, value, identifier=identifier, expires_at=expiry.at)
    return Request((b"SET", key, value, b"PX"), key, identifier, writes=True, expires_at=expiry.at)


def touch(key: bytes, identifier: str, operation: Touch) -> Request:
    """Return PEXPIRE, or a script that removes the expiry."""
    (expires_at,) = operation
    if expires_at == math.inf:
        return _scripted(scripts.PERSIST, key, identifier=identifier, expires_at=None)
    return Request((b"PEXPIRE", key), key, identifier, writes=True, expires_at=expires_at)


def delete(key: bytes, identifier: str, _: Delete = DELETE) -> Request:
    """Return UNLINK: 1 if there was one."""
    return Request((b"UNLINK", key), key, identifier, writes=True)


def delete_all(keys: Sequence[bytes]) -> Request:
    """Return UNLINK for many keys of one server: how many there were."""
    return Request((b"UNLINK", *keys), writes=True)


def compare_and_set(key: bytes, identifier: str, operation: CompareAndSet) -> Request:
    """Return a script: 1, or what was found instead."""
    value, expected, expiry = operation
    if expected is None:
        return _scripted(scripts.ADD, key, value, identifier=identifier, expires_at=expiry.at)
    arguments = (value, _keeping(expiry), expected)
    return _scripted(scripts.COMPARE_AND_SET, key, *arguments, identifier=identifier, expires_at=expiry.at)


def compare_and_delete(key: bytes, identifier: str, operation: CompareAndDelete) -> Request:
    """Return a script: 1, or what was found instead."""
    return _scripted(
        scripts.COMPARE_AND_DELETE, key, operation.expected, identifier=identifier, expires_at=None
    )


def delete_if_equal(key: bytes, identifier: str, operation: CompareAndDelete) -> Request:
    """Return a script: 1 if the expected value was there."""
    return _scripted(scripts.DELETE_IF_EQUAL, key, operation.expected, identifier=identifier, expires_at=None)


def increment(key: bytes, identifier: str, operation: Increment) -> Request:
    """Return a script: the total, or a list of what is no counter."""
    _, amount, expiry = operation
    arguments = (b"%d" % amount, _keeping(expiry))
    return _scripted(scripts.INCREMENT, key, *arguments, identifier=identifier, expires_at=expiry.at)


def hit(key: bytes, identifier: str, operation: Hit) -> Request:
    """Return a script: whether the hit was allowed, and the record."""
    script, quotas = _limits_in_words(operation.limits)
    return Request((b"1", key, b"%d" % operation.cost, *quotas), key, identifier, True, script)


@lru_cache(maxsize=256)
def _limits_in_words(limits: Limits) -> tuple[Script, tuple[bytes, ...]]:
    script = limit_scripts.hit(limits.strategy, len(limits.quotas))
    return script, tuple(b"%d" % number for quota in limits.quotas for number in quota)


def _scripted(
    script: Script, key: bytes, *arguments: bytes, identifier: str, expires_at: float | None
) -> Request:
    # By position: by name it takes twice as long.
    return Request((b"1", key, *arguments), key, identifier, True, script, expires_at)


def _keeping(expiry: Expiry) -> bytes:
    return scripts.KEEP if expiry.keep else scripts.RENEW


def scan(cursor: bytes, pattern: bytes) -> Request:
    """Return SCAN: the next cursor, and a page of keys."""
    return Request((b"SCAN", cursor, b"MATCH", pattern, b"COUNT", _SCAN_COUNT))


PING: Final = Request((b"PING",))

CLUSTER_STATE: Final = Request((b"CLUSTER", b"INFO"))

CLUSTER_SLOTS: Final = Request((b"CLUSTER", b"SLOTS"))

MEMORY: Final = Request((b"INFO", b"memory"))


def probe(key: bytes) -> Request:
    """Remove a key that never exists: refused by a server that can be read but not written."""
    return Request((b"UNLINK", key), key)


def _swap(answer: Any) -> Swap:
    return Swap(done=True, found=None) if answer == 1 else Swap(done=False, found=answer)


def _nothing(_: Any) -> None:
    pass


class Command(NamedTuple):
    """How an operation that is one command is sent, and what its answer means.

    Attributes:
        request: ``request(key, identifier, operation)``.
        result_of: makes the operation's result of the answer.
    """

    request: Callable[[bytes, str, Any], Request]
    result_of: Callable[[Any], Any]


COMMANDS: Final[Mapping[type, Command]] = {
    Put: Command(put, _nothing),
    Touch: Command(touch, bool),
    Delete: Command(delete, bool),
    CompareAndSet: Command(compare_and_set, _swap),
    CompareAndDelete: Command(compare_and_delete, _swap),
}
"""The operations that are one command."""
