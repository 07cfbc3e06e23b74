"""Which task waits for which, as asyncio knows it: so that a task that would wait for itself is told so.

asyncio keeps the edges to itself: a future calls back the task that waits for it, through what
`asyncio.wait_for`, `gather`, `wait`, `shield` and task groups put in between. Where an event loop has other
futures, no edge is found, and a deadlock is not noticed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any


def is_waiting_for(waiter: asyncio.Task[Any], task: asyncio.Task[Any]) -> bool:
    """Whether ``waiter`` cannot go on before ``task`` is done."""
    seen: set[int] = set()
    waited_for: list[asyncio.Future[Any]] = [task]
    while waited_for:
        future = waited_for.pop()
        if future is waiter:
            return True
        if id(future) not in seen:
            seen.add(id(future))
            waited_for.extend(_dependents(future))
    return False


def _dependents(future: asyncio.Future[Any]) -> Iterator[asyncio.Future[Any]]:
    """Yield the futures, tasks among them, that wait for one."""
    for callback, *_ in getattr(future, "_callbacks", None) or ():
        yield from filter(asyncio.isfuture, _referents(callback))


def _referents(callback: Any) -> Iterator[Any]:
    """Yield what a callback acts upon: what it is bound to, its arguments, the variables it closes over."""
    if isinstance(callback, partial):
        yield from callback.args
        yield from _referents(callback.func)
    owner = getattr(callback, "__self__", None)
    yield owner
    # A task group: the task that leaves the block waits for its future.
    yield getattr(owner, "_on_completed_fut", None)
    yield from _closed_over(callback)


def _closed_over(callback: Callable[..., object]) -> Iterator[Any]:
    for cell in getattr(callback, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not assigned yet
            continue
