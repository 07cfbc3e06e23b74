"""What a bot leaves of its SQLite file when it is told to stop: one whole file."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from botkeep import SQLiteStorage

PROGRAM = Path(__file__).parent / "programs" / "bot_with_signals.py"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")


async def _documents(path: Path) -> int:
    async with SQLiteStorage(path) as storage:
        return len(await storage.list_keys())


async def _run_until_it_has_stored(path: Path, how: str) -> asyncio.subprocess.Process:
    bot = await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), str(path), how, stdout=PIPE)
    assert bot.stdout is not None
    assert await bot.stdout.readline() == b"stored\n"
    return bot


async def test_a_bot_that_handles_sigterm_leaves_one_whole_file(tmp_path: Path) -> None:
    bot = await _run_until_it_has_stored(tmp_path / "bot.db", "handled")
    bot.send_signal(signal.SIGTERM)
    code = await bot.wait()
    beside = {file.name for file in tmp_path.iterdir()}
    shutil.copy(tmp_path / "bot.db", tmp_path / "carried away.db")

    assert code == 0
    assert beside == {"bot.db", "bot.db.lock"}
    assert await _documents(tmp_path / "carried away.db") == 50


async def test_a_bot_that_does_not_leaves_one_whole_file_once_it_was_idle_for_a_moment(
    tmp_path: Path,
) -> None:
    bot = await _run_until_it_has_stored(tmp_path / "bot.db", "unhandled")
    while (tmp_path / "bot.db-wal").stat().st_size:  # noqa: ASYNC110 # of another process
        await asyncio.sleep(0.05)
    bot.send_signal(signal.SIGTERM)
    code = await bot.wait()
    shutil.copy(tmp_path / "bot.db", tmp_path / "carried away.db")

    assert code == -signal.SIGTERM
    assert await _documents(tmp_path / "carried away.db") == 50


async def test_a_bot_that_is_killed_at_once_loses_nothing(tmp_path: Path) -> None:
    bot = await _run_until_it_has_stored(tmp_path / "bot.db", "unhandled")
    bot.send_signal(signal.SIGTERM)
    await bot.wait()

    assert await _documents(tmp_path / "bot.db") == 50
