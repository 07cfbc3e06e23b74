"""Storages whose start is cancelled, again and again: nothing stays open, nothing is complained about."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from botkeep import FileStorage, SQLiteStorage

DESCRIPTORS = Path("/proc/self/fd")


def _open_files(folder: Path) -> list[str]:
    found = []
    for descriptor in DESCRIPTORS.iterdir():
        try:
            found.append(str(descriptor.readlink()))
        except OSError:
            continue  # that of the listing itself
    return [path for path in found if path.startswith(str(folder))]


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="this system does not list a process's open files")
@pytest.mark.parametrize("kind", [SQLiteStorage, FileStorage])
async def test_a_storm_of_cancelled_starts_leaves_no_file_open(kind: Any, tmp_path: Path) -> None:
    me = asyncio.current_task()
    for number in range(30):
        storage = kind(tmp_path / "bot")
        starts = [asyncio.ensure_future(storage.start()) for _ in range(3)]
        await asyncio.sleep(0.0005 * number)
        for task in asyncio.all_tasks() - {me}:
            task.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        await storage.stop()

        assert _open_files(tmp_path) == []


@pytest.mark.parametrize("kind", [SQLiteStorage, FileStorage])
async def test_a_start_that_fails_after_its_caller_was_cancelled_is_not_complained_about(
    kind: Any, tmp_path: Path
) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    (tmp_path / "file").touch()
    for _ in range(10):
        storage = kind(tmp_path / "file" / "bot")
        start = asyncio.ensure_future(storage.start())
        await asyncio.sleep(0)
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        await storage.stop()
        del storage
        gc.collect()

    assert complaints == []
