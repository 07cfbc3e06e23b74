"""What RedisStorage says to a server: one command a call, with all that is needed to send it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botkeep._core.operations import (
    CompareAndDelete,
    CompareAndSet,
    Delete,
    Increment,
    Put,
    Swap,
    Touch,
)
from botkeep.storages.redis import scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botkeep.hooks import Stored
    from botkeep.storages.redis.pipeline import Lane
    from botkeep.storages.redis.scripts import Script
    from botkeep.ttl import Expiry

_LONGEST: Final = 2.0**52
"""Seconds to live, at most: Redis adds them to the time, in milliseconds, and keeps 64 bits."""

DELETE: Final = Delete()

UNANSWERED: Final = object()
"""Stands for the reply that has not come."""

_SCAN_COUNT: Final = b"500"
"""Keys that one SCAN looks at: half a millisecond in which the server does nothing else."""


class Command:
    """One call on its way.

    Attributes:
        words: the command and its arguments, without what is known only when it is sent.
        key: decides which server of a Cluster it goes to.
        identifier: for errors.
        writes: sent twice it may do something twice.
        script: runs this on ``words`` instead.
        expires_at: seconds on the storage's clock; sent as the last word, in milliseconds from then on, so
            that it does not matter what the server's clock says.
        lane: the server it has to go to; None: the one that has the key.
        ask: the server to try this once, because it is taking over the key from the one that has it.
        deadline: until when its caller waits, in the event loop's time.
        tries: how often it has come back undone.
        sent: it has left for a server.
        reply: what came back: bytes, an int, a list, None or an exception; `UNANSWERED` until then.
        trouble: why it has to be tried again.
    """

    __slots__ = (
        "ask",
        "deadline",
        "expires_at",
        "identifier",
        "key",
        "lane",
        "reply",
        "script",
        "sent",
        "tries",
        "trouble",
        "words",
        "writes",
    )

    def __init__(
        self,
        *words: bytes,
        key: bytes = b"",
        identifier: str = "",
        writes: bool = False,
        expires_at: float | None = None,
        script: Script | None = None,
        lane: Lane | None = None,
    ) -> None:
        self.words = words
        self.key = key
        self.identifier = identifier
        self.writes = writes
        self.expires_at = expires_at
        self.script = script
        self.lane = lane
        self.ask: Lane | None = None
        self.deadline = math.inf
        self.tries = 0
        self.sent = False
        self.reply: Any = UNANSWERED
        self.trouble = "no answer"


def packed(words: Sequence[bytes]) -> bytes:
    """Return a command as the protocol has it (redis.io/docs/latest/develop/reference/protocol-spec)."""
    return b"*%d\r\n%b" % (len(words), b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words]))


def pack(commands: Sequence[Command], now: float) -> list[bytes]:
    """Return a batch as it goes over the wire.

    The first use of a script in a batch carries its text, so that neither a restart nor SCRIPT FLUSH comes
    between the calls of one caller: a script unknown in their middle would let later calls overtake it.

    Args:
        commands: in the order of their calls.
        now: the storage's clock.
    """
    seen: set[Script] = set()
    requests = []
    for command in commands:
        words = command.words
        script = command.script
        if script is not None:
            words = (b"EVALSHA", script.digest, *words) if script in seen else (b"EVAL", script.text, *words)
            seen.add(script)
        if command.expires_at is not None:
            words = (*words, _milliseconds(command.expires_at - now))
        if command.ask is not None:
            requests.append(packed((b"ASKING",)))
        requests.append(packed(words))
    return requests


def _milliseconds(left: float) -> bytes:
    return b"" if left == math.inf else b"%d" % max(1, round(min(left, _LONGEST) * 1000))


def get(key: bytes, identifier: str) -> Command:
    return Command(b"GET", key, key=key, identifier=identifier)


def get_expiry(key: bytes, identifier: str) -> Command:
    return Command(b"PTTL", key, key=key, identifier=identifier)


def get_many(keys: Sequence[bytes]) -> Command:
    return Command(b"%d" % len(keys), *keys, key=keys[0], script=scripts.GET_MANY)


def add_many(documents: Sequence[tuple[bytes, Stored]], now: float) -> Command:
    keys = [key for key, _ in documents]
    values = [word for _, (value, at) in documents for word in (value, _milliseconds(at - now))]
    return Command(b"%d" % len(keys), *keys, *values, key=keys[0], writes=True, script=scripts.ADD_MANY)


def put(key: bytes, identifier: str, operation: Put) -> Command:
    value, expiry = operation
    keeping = (b"KEEPTTL",) if expiry.keep else ()
    if expiry.at == math.inf:
        return Command(b"SET", key, value, *keeping, key=key, identifier=identifier, writes=True)
    if keeping:
        return _scripted(scripts.PUT_KEEPING, key, value, identifier=identifier, expires_at=expiry.at)
    words = (b"SET", key, value, b"PX")
    return Command(*words, key=key, identifier=identifier, writes=True, expires_at=expiry.at)


def _scripted(
    script: Script, key: bytes, *arguments: bytes, identifier: str, expires_at: float | None
) -> Command:
    return Command(
        b"1",
        key,
        *arguments,
        key=key,
        identifier=identifier,
        writes=True,
        expires_at=expires_at,
        script=script,
    )


def touch(key: bytes, identifier: str, operation: Touch) -> Command:
    (expires_at,) = operation
    if expires_at == math.inf:
        return _scripted(scripts.PERSIST, key, identifier=identifier, expires_at=None)
    return Command(b"PEXPIRE", key, key=key, identifier=identifier, writes=True, expires_at=expires_at)


def delete(key: bytes, identifier: str, _: Delete = DELETE) -> Command:
    return Command(b"UNLINK", key, key=key, identifier=identifier, writes=True)


def delete_all(keys: Sequence[bytes], lane: Lane) -> Command:
    return Command(b"UNLINK", *keys, writes=True, lane=lane)


def compare_and_set(key: bytes, identifier: str, operation: CompareAndSet) -> Command:
    value, expected, expiry = operation
    wanted = () if expected is None else (expected,)
    arguments = (value, _keeping(expiry), *wanted)
    return _scripted(scripts.COMPARE_AND_SET, key, *arguments, identifier=identifier, expires_at=expiry.at)


def compare_and_delete(key: bytes, identifier: str, operation: CompareAndDelete) -> Command:
    return _scripted(
        scripts.COMPARE_AND_DELETE, key, operation.expected, identifier=identifier, expires_at=None
    )


def increment(key: bytes, identifier: str, operation: Increment) -> Command:
    _, amount, expiry = operation
    arguments = (b"%d" % amount, _keeping(expiry))
    return _scripted(scripts.INCREMENT, key, *arguments, identifier=identifier, expires_at=expiry.at)


def _keeping(expiry: Expiry) -> bytes:
    return b"keep" if expiry.keep else b"renew"


def scan(lane: Lane, cursor: bytes, pattern: bytes) -> Command:
    return Command(b"SCAN", cursor, b"MATCH", pattern, b"COUNT", _SCAN_COUNT, lane=lane)


def ping(lane: Lane) -> Command:
    return Command(b"PING", lane=lane)


def cluster_state(lane: Lane) -> Command:
    return Command(b"CLUSTER", b"INFO", lane=lane)


def probe(key: bytes) -> Command:
    """Remove a key that never exists: refused by a server that can be read but not written."""
    return Command(b"UNLINK", key, key=key)


def memory(lane: Lane) -> Command:
    return Command(b"INFO", b"memory", lane=lane)


def _swap(answer: Any) -> Swap:
    return Swap(done=True, found=None) if answer == 1 else Swap(done=False, found=answer)


def _nothing(_: Any) -> None:
    """SET answers OK, or an error."""


COMMANDS: Final[Mapping[type, Callable[[bytes, str, Any], Command]]] = {
    Put: put,
    Touch: touch,
    Delete: delete,
    CompareAndSet: compare_and_set,
    CompareAndDelete: compare_and_delete,
}
"""The operations that are one command."""

ANSWERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    Put: _nothing,
    Touch: bool,
    Delete: bool,
    CompareAndSet: _swap,
    CompareAndDelete: _swap,
}
"""What their answers mean."""
