"""Measuring: contestants take turns, the first turn of each warms and is not counted."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from benchmarks.rows import Bar, Row

Turn: TypeAlias = "Callable[[], Awaitable[float]]"
"""One round of one contestant; returns its figure."""

Calls: TypeAlias = "Iterable[Awaitable[object]]"
"""What one caller does: it awaits each call before it makes the next, so a generator is what fits."""


class Scale(NamedTuple):
    """How long a run may take.

    Attributes:
        rounds: how often each contestant is measured; the table shows medians.
        share: of the full amount of work in a round.
        alone: whether rivals are left out, as when two revisions are compared.
    """

    rounds: int
    share: float
    alone: bool = False

    def of(self, amount: int) -> int:
        """Return the share of a full run's amount, at least 1."""
        return max(1, int(amount * self.share))


FULL = Scale(rounds=5, share=1.0)
QUICK = Scale(rounds=1, share=0.01)


class Rival(NamedTuple):
    """A peer in a race: the columns of `Row` that are its own, and its turn."""

    name: str
    turn: Turn
    bar: Bar | None = None
    note: str = ""


async def race(
    scale: Scale, name: str, unit: str, ours: Turn, *rivals: Rival, bar: Bar | None = None
) -> list[Row]:
    """Measure ours and the rivals by turns.

    Returns:
        A row for each rival; without rivals one row, with the ``bar``.
    """
    if scale.alone:
        rivals = ()
    mine, *theirs = await take_turns([ours, *(rival.turn for rival in rivals)], scale)
    if not rivals:
        return [Row(name, unit, mine, bar=bar)]
    return [
        Row(name, unit, mine, figures, rival.name, rival.bar, rival.note)
        for rival, figures in zip(rivals, theirs, strict=True)
    ]


async def take_turns(turns: Sequence[Turn], scale: Scale) -> list[list[float]]:
    """Measure the contestants round after round; return each one's figures, a figure per round.

    Every other round runs backwards, so that none always follows the same one. Garbage is collected between
    turns, so that none pays for what another left.
    """
    for turn in turns:
        await turn()
    figures: list[list[float]] = [[] for _ in turns]
    for number in range(scale.rounds):
        for turn, mine in list(zip(turns, figures, strict=True))[:: -1 if number % 2 else 1]:
            gc.collect()
            mine.append(await turn())
    return figures


async def calls_per_second(callers: Sequence[Calls]) -> float:
    """Let all callers work at once, each in a task of its own; return the rate of all together."""
    begin = time.perf_counter()
    counts = await asyncio.gather(*(_await_each(calls) for calls in callers))
    return sum(counts) / (time.perf_counter() - begin)


async def _await_each(calls: Calls) -> int:
    count = 0
    for call in calls:
        await call
        count += 1
    return count
