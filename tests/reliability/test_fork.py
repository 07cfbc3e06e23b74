"""A storage that is open while its process forks: the child is told to make its own, the parent goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "programs" / "fork_with_storage.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


@pytest.mark.parametrize("kind", ["SQLiteStorage", "FileStorage"])
def test_a_forked_child_gets_an_error_and_the_parent_goes_on(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, str(PROGRAM), str(tmp_path / "bot"), kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 # ours

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["EventLoopError", "['after', 'parent']"]
