"""What the contestants do: the same calls on the same identifiers, with the document of a dialogue."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import chain, count, cycle, islice, pairwise
from typing import Any, Final, TypeAlias

from benchmarks.runner import Calls, Turn, calls_per_second
from botkeep import BaseStorage

DOCUMENT: Final[dict[str, Any]] = {
    "name": "Order:address",
    "data": {
        "order": 104_217,
        "started": "2026-03-14T18:42:07+01:00",
        "pizzas": [
            {"name": "Margherita", "size": "large", "toppings": ["basil", "extra cheese"], "price": 11.5},
            {"name": "Quattro stagioni", "size": "small", "toppings": ["olives", "ham"], "price": 9.0},
        ],
        "customer": {"name": "Zoë", "language": "de", "phone": "+49 30 1234567", "regular": True},
        "address": {"street": "Rosenweg 12", "city": "Köln", "note": "ring once, third floor"},
        "total": 20.5,
        "messages": [90312, 90313, 90317, 90318, 90324],
        "attempts": 2,
    },
}
"""A pizza order in progress: 500 bytes of JSON."""

_STEPS: Final = ("size", "crust", "toppings", "drinks", "address", "payment", "confirm")
_OWNED: Final = 10
_orders: Final = count(100_001)

Workload: TypeAlias = "Callable[[Any, int, int], list[Calls]]"
"""Takes a verb of a storage, how many callers, and how many calls they make in all."""


Set: TypeAlias = "Callable[[str, Any], Awaitable[object]]"
Get: TypeAlias = "Callable[[str], Awaitable[object]]"
Swap: TypeAlias = "Callable[[str, Any, Any], Awaitable[bool]]"
"""A compare-and-set of (identifier, new document, expected document)."""


def identifiers(count: int, kind: str = "fsm") -> list[str]:
    """Return the identifiers of so many dialogues."""
    return [f"{kind}:7101:{500_000_000 + user}:{500_000_000 + user}" for user in range(count)]


def updates(owned: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Give every identifier its next document, in a new order each time round, without end."""
    while True:
        yield from zip(random.sample(owned, len(owned)), cycle(dialogue()), strict=False)


def dialogue() -> list[dict[str, Any]]:
    """Return the documents of a new order's steps, 497 to 501 bytes each.

    SQLite writes and syncs nothing when a row is overwritten with what it holds already: see
    btreeOverwriteContent in its btree.c. So each turn has an order of its own, and within it seven steps go
    over ten dialogues a caller: none gets the same document twice running.
    """
    data = {**DOCUMENT["data"], "order": next(_orders)}
    return [{"name": f"Order:{step}", "data": data} for step in _STEPS]


def rate(workload: Workload, verb: Any, callers: int, calls: int) -> Turn:
    """Return a turn that does this work and measures calls per second."""

    async def turn() -> float:
        return await calls_per_second(workload(verb, callers, calls))

    return turn


def sets(set_state: Set, callers: int, calls: int) -> list[Calls]:
    documents = dialogue()
    return [map(set_state, path, cycle(documents)) for path in _paths(callers, calls)]


def gets(get_state: Get, callers: int, calls: int) -> list[Calls]:
    return [map(get_state, path) for path in _paths(callers, calls)]


def increments(increment: Get, callers: int, calls: int) -> list[Calls]:
    """On counters of their own, beside the dialogues."""
    return [map(increment, path) for path in _paths(callers, calls, kind="hits")]


def swaps(swap: Swap, callers: int, calls: int) -> list[Calls]:
    """New dialogues in each turn, taken from step to step; every compare-and-set wins."""
    documents = dialogue()
    everyone = _owned(callers, kind=f"swap{documents[0]['data']['order']}")
    return [islice(_steps(swap, owned, documents), _each(callers, calls)) for owned in everyone]


def _steps(swap: Swap, owned: Sequence[str], documents: Sequence[Any]) -> Iterator[Awaitable[object]]:
    for expected, new in pairwise(chain([None], cycle(documents))):
        for own in random.sample(owned, len(owned)):
            yield _won(swap(own, new, expected))


def swap(storage: BaseStorage) -> Swap:
    """Return our compare-and-set as `swaps` calls it."""
    return lambda own, new, expected: storage.compare_and_set(own, new, expected=expected)


async def _won(swap: Awaitable[bool]) -> None:
    assert await swap, "a compare-and-set without rivals lost"


def _paths(callers: int, calls: int, kind: str = "fsm") -> list[list[str]]:
    """Each caller's own identifiers, over and over, so that all callers together make so many calls.

    In a new order each turn: those that come together must not lie together in the file, as rows written in
    one order and always updated in the same would.
    """
    orders = (random.sample(owned, len(owned)) for owned in _owned(callers, kind))
    return [list(islice(cycle(order), _each(callers, calls))) for order in orders]


def _owned(callers: int, kind: str) -> list[list[str]]:
    everyone = identifiers(callers * _OWNED, kind)
    return [everyone[caller::callers] for caller in range(callers)]


def _each(callers: int, calls: int) -> int:
    return max(1, calls // callers)
