"""Event loops that end while writes are under way: nothing acknowledged is lost, and the storage goes on."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

from botkeep import SQLiteStorage

WRITERS = 50


async def write_until(storage: SQLiteStorage, acknowledged: dict[int, int], enough: int) -> None:
    """Leave with all writers at work, once so many writes were acknowledged."""
    reached = asyncio.Event()

    async def write(writer: int) -> None:
        for version in count(acknowledged.get(writer, 0)):
            await storage.set_state(f"document:{writer}", version)
            acknowledged[writer] = version
            if sum(acknowledged.values()) > enough:
                reached.set()

    writers = [asyncio.ensure_future(write(writer)) for writer in range(WRITERS)]
    await reached.wait()
    assert not any(writer.done() for writer in writers)


async def read_and_stop(storage: SQLiteStorage) -> dict[int, int]:
    async with storage:
        return {writer: await storage.get_state(f"document:{writer}") for writer in range(WRITERS)}


def test_a_loop_that_ends_with_writes_under_way_loses_nothing_acknowledged(tmp_path: Path) -> None:
    storage = SQLiteStorage(tmp_path / "bot.db")
    acknowledged: dict[int, int] = {}
    for enough in range(100, 1000, 100):
        asyncio.run(write_until(storage, acknowledged, enough))
    found = asyncio.run(read_and_stop(storage))

    assert all(found[writer] >= version for writer, version in acknowledged.items())


def test_a_loop_that_is_closed_over_its_tasks_loses_nothing_acknowledged(tmp_path: Path) -> None:
    storage = SQLiteStorage(tmp_path / "bot.db")
    acknowledged: dict[int, int] = {}
    for enough in range(100, 1000, 100):
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # the tasks left behind complain
        loop.run_until_complete(write_until(storage, acknowledged, enough))
        loop.close()
    found = asyncio.run(read_and_stop(storage))

    assert all(found[writer] >= version for writer, version in acknowledged.items())
