"""Dialogues on SQLiteStorage, durability "full", and turns of an Ordering.

Each user's record is 500 bytes and each call changes one field of its data.
"""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path
from typing import Final

import kurigram_addons  # type: ignore[import-untyped] # noqa: F401 # pyrogram_patch warns unless it came first
from aiogram.fsm.storage.base import StorageKey
from aiogram.fsm.storage.memory import SimpleEventIsolation
from pyrogram_patch.fsm.context import (  # type: ignore[import-untyped] # it ships no types
    FSMContext as KurigramContext,
)

from benchmarks.peers.kurigram import NAME as KURIGRAM
from benchmarks.peers.kurigram import sqlite_storage as kurigram_sqlite
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, race
from benchmarks.workloads import gets, rate, sets
from botkeep import SQLiteStorage
from botkeep.fsm import FSMContext, Ordering

_MANY: Final = 100
_attempts: Final = count()


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        return [*await _contexts(Path(name), scale), *await _orderings(Path(name), scale)]


async def _contexts(folder: Path, scale: Scale) -> list[Row]:
    async with SQLiteStorage(folder / "ours.db") as ours, kurigram_sqlite(folder / "theirs.db") as theirs:
        # Every user is in the middle of a dialogue.
        await rate(sets, ours.namespace("fsm").set_state, _MANY, 10 * _MANY)()
        await rate(sets, theirs.set_state, _MANY, 10 * _MANY)()

        async def update(identifier: str) -> None:
            await FSMContext(ours, identifier).update_data(attempts=next(_attempts))

        async def kurigram(identifier: str) -> None:
            await KurigramContext(theirs, identifier).update_data(attempts=next(_attempts))

        async def take_turn(identifier: str) -> None:
            async with FSMContext(ours, identifier).turn() as turn:
                turn.data["attempts"] = next(_attempts)

        calls = scale.of(20_000)
        return [
            *await race(
                scale,
                f"{_MANY} users: update_data",
                "calls/s",
                rate(gets, update, _MANY, calls),
                Rival(KURIGRAM, rate(gets, kurigram, _MANY, scale.of(2_000)), AtLeast(10)),
            ),
            *await race(scale, f"{_MANY} users: turn", "turns/s", rate(gets, take_turn, _MANY, calls)),
            *await race(scale, "1 user: update_data", "calls/s", rate(gets, update, 1, scale.of(2_000))),
        ]


async def _orderings(folder: Path, scale: Scale) -> list[Row]:
    async with SQLiteStorage(folder / "turns.db") as storage:
        alone, shared, isolation = Ordering(), Ordering(storage), SimpleEventIsolation()

        async def in_process(identifier: str) -> None:
            async with alone.of(identifier):
                pass

        async def aiogram(identifier: str) -> None:
            async with isolation.lock(StorageKey(7101, int(identifier.rpartition(":")[2]), 1)):
                pass

        async def across_processes(identifier: str) -> None:
            async with shared.of(identifier):
                pass

        turns = scale.of(50_000)
        peer = Rival("aiogram SimpleEventIsolation", rate(gets, aiogram, _MANY, turns), AtLeast(0.9))
        leases = rate(gets, across_processes, _MANY, scale.of(5_000))
        return [
            *await race(
                scale,
                f"{_MANY} users: turn in one process",
                "turns/s",
                rate(gets, in_process, _MANY, turns),
                peer,
            ),
            *await race(scale, f"{_MANY} users: turn among processes", "turns/s", leases),
        ]
