"""A process that is killed while it backs up leaves no half of a copy, and nothing for ever."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from botkeep import SQLiteStorage

PROGRAM = Path(__file__).parent / "programs" / "back_up_until_killed.py"


async def test_what_a_killed_backup_left_is_swept_by_the_next_one(tmp_path: Path) -> None:
    path, copy = tmp_path / "bot.db", tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    left: set[str] = set()
    for _ in range(5):
        bot = await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAM), str(path), str(copy), stdout=PIPE
        )
        assert bot.stdout is not None
        assert await bot.stdout.readline() == b"stored\n"
        while not list(copy.parent.glob(".copy.db.*")):  # noqa: ASYNC110 # of another process
            await asyncio.sleep(0)
        bot.kill()
        await bot.wait()
        left |= {file.name for file in copy.parent.iterdir()}
        if copy.exists():
            async with SQLiteStorage(copy) as whole:
                assert len(await whole.list_keys()) == 100
    async with SQLiteStorage(path) as storage:
        await storage.backup(copy)

    assert any(name.startswith(".copy.db.") for name in left)
    assert {file.name for file in copy.parent.iterdir()} == {"copy.db"} | ({"copy.db.lock"} & left)
