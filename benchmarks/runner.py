"""Measuring: contestants take turns, the first turn of each warms and is not counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias

Turn: TypeAlias = "Callable[[], Awaitable[float]]"
"""One round of one contestant; returns its figure."""


class Scale(NamedTuple):
    """How long a run may take.

    Attributes:
        rounds: how often each contestant is measured; the table shows medians.
        share: of the full amount of work in a round.
    """

    rounds: int
    share: float

    def of(self, amount: int) -> int:
        """Return the share of a full run's amount, at least 1."""
        return max(1, int(amount * self.share))


FULL = Scale(rounds=5, share=1.0)
QUICK = Scale(rounds=1, share=0.01)


async def take_turns(contestants: Mapping[str, Turn], scale: Scale) -> dict[str, list[float]]:
    """Measure the contestants in turn, round after round; return each one's figures, a figure per round.

    Every other round runs backwards, so that none always follows the same one.
    """
    for turn in contestants.values():
        await turn()
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(scale.rounds):
        for name in list(contestants)[:: -1 if number % 2 else 1]:
            figures[name].append(await contestants[name]())
    return figures


async def calls_per_second(
    call: Callable[[int, int], Awaitable[object]], *, callers: int, calls: int
) -> float:
    """Let so many callers at once make so many calls in all.

    Args:
        call: takes the caller's number and the call's number; a caller awaits one call before the next.
        callers: how many tasks.
        calls: of all of them together.
    """
    each = max(1, calls // callers)

    async def work(caller: int) -> None:
        for number in range(each):
            await call(caller, number)

    begin = time.perf_counter()
    await asyncio.gather(*(work(caller) for caller in range(callers)))
    return callers * each / (time.perf_counter() - begin)
