"""One of several processes that change the same SQLite file at the same time.

Usage: work_together.py FILE NAME TASKS REPEATS. It prints "ready", waits for a line on standard input, works,
and prints what it did as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from botkeep import SQLiteStorage


class Worker:
    """One task of the process.

    Attributes:
        totals: what `increment` returned.
        seats: the numbers of those that compare-and-set said it had won.
    """

    def __init__(self, storage: SQLiteStorage, name: str) -> None:
        self.totals: list[int] = []
        self.seats: list[int] = []
        self._storage = storage
        self._name = name

    async def work(self, repeats: int) -> None:
        for number in range(repeats):
            self.totals.append(await self._storage.increment("counter"))
            await self._storage.update("tally", self._tallied, default={})
            if await self._storage.compare_and_set(f"seat:{number}", self._name, expected=None):
                self.seats.append(number)

    def _tallied(self, tally: dict[str, int]) -> dict[str, int]:
        return {**tally, self._name: tally.get(self._name, 0) + 1}


async def main(path: str, name: str, tasks: int, repeats: int) -> dict[str, Any]:
    async with SQLiteStorage(path) as storage:
        workers = [Worker(storage, f"{name}-{number}") for number in range(tasks)]
        print("ready", flush=True)  # noqa: T201 # the parent waits for it
        await asyncio.to_thread(sys.stdin.readline)
        await asyncio.gather(*[worker.work(repeats) for worker in workers])
    return {worker._name: {"totals": worker.totals, "seats": worker.seats} for worker in workers}


done = asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
print(json.dumps(done))  # noqa: T201 # the parent reads it
