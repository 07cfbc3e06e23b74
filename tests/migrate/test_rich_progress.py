"""The progress bar of `python -m botkeep migrate`, where `rich` is installed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from botkeep import SQLiteStorage


async def filled(path: Path, *identifiers: str) -> None:
    async with SQLiteStorage(path) as storage:
        for identifier in identifiers:
            await storage.set_state(identifier, identifier)


def test_the_command_shows_how_many_of_how_many_are_copied(tmp_path: Path) -> None:
    asyncio.run(filled(tmp_path / "old.db", "a", "b", "c"))

    done = subprocess.run(  # noqa: S603 # our own command
        [sys.executable, "-m", "botkeep", "migrate", f"{tmp_path}/old.db", f"{tmp_path}/new.db"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "copying" in done.stdout
    assert "3/3" in done.stdout
    assert "3 copied" in done.stdout
