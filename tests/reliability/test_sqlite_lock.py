"""A lock on a SQLite file keeps processes apart, and outlives none of them for long."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from botkeep import SQLiteStorage

PROGRAMS = Path(__file__).parent / "programs"
PROCESSES, TURNS = 4, 10


async def started(program: str, *arguments: object, stdout: int | None = None) -> Process:
    command = [sys.executable, str(PROGRAMS / program), *map(str, arguments)]
    return await asyncio.create_subprocess_exec(*command, stdout=stdout)


async def test_what_four_processes_do_under_one_lock_is_never_interleaved(tmp_path: Path) -> None:
    database = tmp_path / "shared.db"
    processes = [await started("take_turns.py", database, TURNS) for _ in range(PROCESSES)]
    codes = [await process.wait() for process in processes]
    async with SQLiteStorage(database) as storage:
        turns = await storage.get_state("turns")

    assert codes == [0] * PROCESSES
    assert turns == PROCESSES * TURNS


async def test_the_lock_of_a_killed_process_passes_to_one_that_waits(tmp_path: Path) -> None:
    database = tmp_path / "shared.db"
    holder = await started("hold_lock.py", database, 0.5, stdout=PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    async with SQLiteStorage(database) as storage:
        holder.kill()
        async with storage.lock("gate") as lease:
            held_by_the_waiter = not lease.lost
        await holder.wait()

    assert held_by_the_waiter


async def test_the_lock_of_a_killed_process_whose_clock_was_ahead_is_not_held_for_as_long(
    tmp_path: Path,
) -> None:
    database = tmp_path / "shared.db"
    holder = await started("hold_lock.py", database, 0.5, 3600, stdout=PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    holder.kill()
    await holder.wait()

    async def take() -> bool:
        async with SQLiteStorage(database) as storage, storage.lock("gate") as lease:
            return not lease.lost

    assert await asyncio.wait_for(take(), 10)
