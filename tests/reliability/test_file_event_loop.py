"""Event loops that end while the file is written: nothing acknowledged is lost, and the storage goes on."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

import pytest

from botkeep import FileStorage

WRITERS = 10
LOOPS = 8


class Crowd:
    """Writers of one document each; they remember what was acknowledged.

    Attributes:
        acknowledged: the last version of each writer.
    """

    def __init__(self, storage: FileStorage) -> None:
        self.acknowledged = dict.fromkeys(range(WRITERS), 0)
        self._storage = storage

    async def write_on(self, rounds: int) -> None:
        """Leave with all writers at work, once the first has written so often."""
        enough = asyncio.Event()
        self._writers = [
            asyncio.ensure_future(self._write(writer, rounds, enough)) for writer in range(WRITERS)
        ]
        await enough.wait()

    async def _write(self, writer: int, rounds: int, enough: asyncio.Event) -> None:
        for version in count(self.acknowledged[writer] + 1):
            await self._storage.set_state(f"{writer}", version)
            self.acknowledged[writer] = version
            rounds -= 1
            if not rounds:
                enough.set()

    async def found(self) -> dict[int, int]:
        async with self._storage as storage:
            return {writer: await storage.get_state(f"{writer}", 0) for writer in range(WRITERS)}


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    return Crowd(FileStorage(tmp_path / "bot.json"))


def test_loops_that_end_with_writes_under_way_lose_nothing_acknowledged(crowd: Crowd) -> None:
    for rounds in range(1, LOOPS):
        asyncio.run(crowd.write_on(rounds))
    found = asyncio.run(crowd.found())

    assert all(found[writer] >= version for writer, version in crowd.acknowledged.items())


def test_loops_that_are_closed_over_their_tasks_lose_nothing_acknowledged(crowd: Crowd) -> None:
    for rounds in range(1, LOOPS):
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # the tasks left behind complain
        loop.run_until_complete(crowd.write_on(rounds))
        loop.close()
    found = asyncio.run(crowd.found())

    assert all(found[writer] >= version for writer, version in crowd.acknowledged.items())
