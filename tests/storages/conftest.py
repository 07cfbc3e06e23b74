"""What the tests of several engines share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be."""
    return tmp_path / "bot.db"


@pytest.fixture
def run_program() -> Callable[..., str]:
    """Run a program of ``programs/`` with arguments; it must end by itself, well and without complaint."""

    def run(name: str, *arguments: object) -> str:
        command = [sys.executable, str(PROGRAMS / name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 # ours

        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run
