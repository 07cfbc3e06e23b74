"""Processes that forgot to stop their SQLiteStorage, and processes that share one file."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from botkeep import SQLiteStorage


@pytest.mark.parametrize(
    "way", ["storage forgotten", "kept to the end", "system exit", "loop closed over its tasks"]
)
async def test_a_process_that_forgot_to_stop_ends_quietly_and_loses_nothing_acknowledged(
    path: Path, run_program: Callable[..., str], way: str
) -> None:
    said = run_program("forget_to_stop.py", path, way)

    assert said == ("" if way == "system exit" else "done\n")
    async with SQLiteStorage(path) as storage:
        found = [await storage.get_state(f"acknowledged:{number}") for number in range(20)]
        assert found == list(range(20))
        assert await storage.increment("count") == 1


async def test_a_storage_that_was_forgotten_is_warned_of_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botkeep.storages.sqlite.connection._IDLE_SECONDS", 0.01)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await SQLiteStorage(path).set_state("order", "pizza")
        gc.collect()
        while path.with_name(f"{path.name}-wal").stat().st_size:  # noqa: ASYNC110 # SQLite tells nobody
            await asyncio.sleep(0.01)
        gc.collect()

    assert [str(warning.message).split(" was ")[0] for warning in caught] == [repr(SQLiteStorage(path))]
