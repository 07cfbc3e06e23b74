"""A storm of cancellations: what returned has happened, the rest wholly or not at all; nothing is left."""

from __future__ import annotations

import asyncio
import json
import operator
import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Awaitable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from botkeep import SQLiteStorage

VISITORS = 200
VISITS = 5
DOORS = 8
STRUCK_DOWN = 0.1  # of the visitors, for each thing that gets done


class Storm:
    """Visitors that work on the same few documents; whatever gets done may strike down any of them.

    Attributes:
        begun: for each verb, the visits that called it: (visitor, visit).
        done: for each verb, what it returned to which visit.
        most_behind_one_door: how many visitors a lock ever let in at once.
    """

    def __init__(self, storage: SQLiteStorage, seed: int) -> None:
        self.begun: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self.done: defaultdict[str, dict[tuple[int, int], Any]] = defaultdict(dict)
        self.most_behind_one_door = 0
        self._storage = storage
        self._chance = random.Random(seed)
        self._visitors: list[asyncio.Task[None]] = []
        self._behind: Counter[str] = Counter()

    async def rage(self) -> list[BaseException | None]:
        """Let all visitors come and go; return how each of them ended."""
        self._visitors = [asyncio.ensure_future(self._come(visitor)) for visitor in range(VISITORS)]
        return await asyncio.gather(*self._visitors, return_exceptions=True)

    async def _come(self, visitor: int) -> None:
        for visit in range(VISITS):
            for deed in self._chance.sample(DEEDS, len(DEEDS)):
                await deed(self, visitor, visit)

    async def increment(self, visitor: int, visit: int) -> None:
        await self._do("increment", (visitor, visit), self._storage.increment("counter"))

    async def update(self, visitor: int, visit: int) -> None:
        add = partial(operator.add, [[visitor, visit]])
        call = self._storage.update(f"journal:{visitor % DOORS}", add, default=[])
        await self._do("update", (visitor, visit), call)

    async def set(self, visitor: int, visit: int) -> None:
        await self._do("set", (visitor, visit), self._storage.set_state(f"own:{visitor}", visit))

    async def claim(self, visitor: int, visit: int) -> None:
        call = self._storage.compare_and_set(f"seat:{visit}", visitor, expected=None)
        await self._do("claim", (visitor, visit), call)

    async def enter(self, visitor: int, visit: int) -> None:
        door = f"door:{visitor % DOORS}"
        async with self._storage.lock(door):
            self._behind[door] += 1
            self.most_behind_one_door = max(self.most_behind_one_door, self._behind[door])
            try:
                await self._do("enter", (visitor, visit), self._storage.exists(door))
            finally:
                self._behind[door] -= 1

    async def _do(self, verb: str, key: tuple[int, int], call: Awaitable[Any]) -> None:
        self.begun[verb].append(key)
        self.done[verb][key] = await call
        if self._chance.random() < STRUCK_DOWN:
            self._chance.choice(self._visitors).cancel()


DEEDS = [Storm.increment, Storm.update, Storm.set, Storm.claim, Storm.enter]


async def tasks_left() -> set[asyncio.Task[Any]]:
    """Return the tasks that do not end by themselves, the caller's aside."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        ended, _ = await asyncio.wait(others, timeout=5)
        if not ended:
            break
    return others


def left_in(database: Path) -> dict[str, Any]:
    """Return the locks that are not free, read behind the storage's back by an impatient writer."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        rows = connection.execute("SELECT identifier, value FROM documents WHERE namespace LIKE '%locks'")
        records = {identifier: json.loads(value) for identifier, value in rows}
    return {door: record for door, record in records.items() if record["owner"] or record["waiting"]}


@pytest.mark.parametrize("seed", range(3))
async def test_after_a_storm_of_cancellations_totals_agree_and_nothing_is_left(
    tmp_path: Path, seed: int
) -> None:
    async with SQLiteStorage(tmp_path / "storm.db") as storage:
        storm = Storm(storage, seed)
        ends = await storm.rage()
        left = await tasks_left()
        mutexes = len(storage._mutexes)
        locks = left_in(tmp_path / "storm.db")
        counter = await storage.get_state("counter")
        journals = [await storage.get_state(f"journal:{door}") for door in range(DOORS)]
        own = {visitor: await storage.get_state(f"own:{visitor}") for visitor in range(VISITORS)}
        seats = {visit: await storage.get_state(f"seat:{visit}") for visit in range(VISITS)}

    cancelled = [end for end in ends if isinstance(end, asyncio.CancelledError)]
    assert len(cancelled) > VISITORS / 4
    assert [end for end in ends if end is not None and end not in cancelled] == []
    assert (left, mutexes, locks) == (set(), 0, {})
    assert storm.most_behind_one_door == 1

    totals = storm.done["increment"].values()
    assert len(set(totals)) == len(totals) <= counter <= len(storm.begun["increment"])
    noted = [(visitor, visit) for journal in journals for visitor, visit in journal]
    assert len(set(noted)) == len(noted)
    assert set(storm.done["update"]) <= set(noted) <= set(storm.begun["update"])
    for visitor, visit in storm.done["set"]:
        assert own[visitor] >= visit
    for (visitor, visit), won in storm.done["claim"].items():
        assert not won or seats[visit] == visitor
