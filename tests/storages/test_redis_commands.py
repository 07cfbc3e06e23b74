"""What RedisStorage asks a server, and which of it must never be sent twice."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any, Final

import pytest
from redis import Redis
from tests.servers.redis_server import RedisServer

from botkeep.hooks import CompareAndDelete, CompareAndSet, Delete, Increment, Put, Stored, Touch
from botkeep.ratelimit.decisions import Hit, Limits
from botkeep.ratelimit.strategies import Quota
from botkeep.storages.redis import commands
from botkeep.storages.redis.commands import COMMANDS, Request
from botkeep.ttl import Expiry

KEY: Final = b"botkeep::order"
NEVER: Final = Expiry(math.inf, keep=False)
KEEPING: Final = Expiry(math.inf, keep=True)
LATER: Final = Expiry(1_900_000_000.0, keep=False)
LATER_IF_NEW: Final = Expiry(1_900_000_000.0, keep=True)

REQUESTS: Final[dict[str, tuple[Request, bool]]] = {
    "get": (commands.get(KEY, "order"), False),
    "get_at": (commands.get_at(KEY, "order"), False),
    "get_expiry": (commands.get_expiry(KEY, "order"), False),
    "get_many": (commands.get_many([KEY, KEY]), False),
    "scan": (commands.scan(b"0", b"*"), False),
    "PING": (commands.PING, False),
    "CLUSTER_STATE": (commands.CLUSTER_STATE, False),
    "CLUSTER_SLOTS": (commands.CLUSTER_SLOTS, False),
    "MEMORY": (commands.MEMORY, False),
    "add_many": (commands.add_many([(KEY, Stored(b"1", math.inf)), (KEY, Stored(b"1", 2e9))], 1e9), True),
    "put": (commands.put(KEY, "order", Put(b"1", NEVER)), True),
    "put keeping": (commands.put(KEY, "order", Put(b"1", KEEPING)), True),
    "put with ttl": (commands.put(KEY, "order", Put(b"1", LATER)), True),
    "put with ttl if new": (commands.put(KEY, "order", Put(b"1", LATER_IF_NEW)), True),
    "touch": (commands.touch(KEY, "order", Touch(LATER.at)), True),
    "touch for ever": (commands.touch(KEY, "order", Touch(math.inf)), True),
    "delete": (commands.delete(KEY, "order", Delete()), True),
    "delete_all": (commands.delete_all([KEY, KEY]), True),
    "compare_and_set": (commands.compare_and_set(KEY, "order", CompareAndSet(b"1", b"2", NEVER)), True),
    "compare_and_set absent": (
        commands.compare_and_set(KEY, "order", CompareAndSet(b"1", None, LATER)),
        True,
    ),
    "compare_and_delete": (commands.compare_and_delete(KEY, "order", CompareAndDelete(b"1")), True),
    "delete_if_equal": (commands.delete_if_equal(KEY, "order", CompareAndDelete(b"1")), True),
    "increment": (commands.increment(KEY, "order", Increment("order", 1, LATER)), True),
    "hit": (commands.hit(KEY, "order", Hit("order", Limits("gcra", (Quota(5, 60_000),)), 1)), True),
}
"""One request of each kind, and whether it writes."""

REPEATABLE: Final = {"probe": commands.probe(b"botkeep:///probe")}
"""A write that does no harm twice: the key never exists."""


def commands_in(request: Request) -> set[bytes]:
    """Return the commands of Redis that a request makes the server carry out."""
    if request.script is None:
        return {request.words[0]}
    return {name.encode() for name in re.findall(r"redis\.p?call\('(\w+)'", request.script.text.decode())}


@pytest.fixture(scope="module")
def writing(redis_server: RedisServer) -> set[bytes]:
    """The commands that the server itself calls writes."""
    with Redis(port=redis_server.port) as driver:
        table: dict[str, Any] = driver.command()
    return {name.upper().encode() for name, command in table.items() if "write" in command["flags"]}


@pytest.mark.parametrize(("request_", "writes"), REQUESTS.values(), ids=REQUESTS)
def test_what_writes_is_marked_and_so_never_sent_twice(
    request_: Request, writing: set[bytes], *, writes: bool
) -> None:
    assert request_.writes is writes
    assert bool(commands_in(request_) & writing) is writes


def test_every_request_is_in_the_table() -> None:
    builders = {
        name
        for name, builder in inspect.getmembers(commands, inspect.isfunction)
        if inspect.signature(builder).return_annotation == "Request" and not name.startswith("_")
    }
    constants = {name for name, value in vars(commands).items() if isinstance(value, Request)}

    assert builders | constants == {name.split(" ")[0] for name in (*REQUESTS, *REPEATABLE)}


def test_operations_that_are_one_command_are_built_by_the_table_s_builders() -> None:
    assert {command.request.__name__ for command in COMMANDS.values()} <= {*REQUESTS}
