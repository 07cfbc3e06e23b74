"""MemoryStorage, one caller.

kurigram-addons' storage keeps a deep copy of whatever object it is given, ours encoded JSON. Its counters are
not documents and need no codec, which is why they are ahead.
"""

from __future__ import annotations

from typing import Any

from benchmarks.peers import kurigram
from benchmarks.rows import AtLeast, Bar, Row
from benchmarks.runner import Rival, Scale, race
from benchmarks.workloads import Workload, gets, increments, rate, sets, swap, swaps
from botkeep import MemoryStorage


async def run(scale: Scale) -> list[Row]:
    async def versus(
        verb: str, workload: Workload, calls: tuple[Any, Any], bar: Bar | None = None
    ) -> list[Row]:
        mine, theirs = (rate(workload, call, 1, scale.of(20_000)) for call in calls)
        return await race(scale, f"1 caller: {verb}", "calls/s", mine, Rival(kurigram.NAME, theirs, bar))

    async with MemoryStorage() as ours, kurigram.memory_storage() as theirs:
        return [
            *await versus("set", sets, (ours.set_state, theirs.set_state), AtLeast(2)),
            *await versus("get", gets, (ours.get_state, theirs.get_state), AtLeast(2)),
            *await versus("increment", increments, (ours.increment, theirs.increment)),
            *await versus("compare_and_set", swaps, (swap(ours), kurigram.swap(theirs))),
        ]
