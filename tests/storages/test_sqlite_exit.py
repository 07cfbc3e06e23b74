"""Processes that forgot to stop their SQLiteStorage, and processes that share one file."""

from __future__ import annotations

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
