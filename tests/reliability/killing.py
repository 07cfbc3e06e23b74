"""Runs a program that prints acknowledgements, and kills it with SIGKILL in the middle of its work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.reliability.acknowledgements import Oracle

PROGRAMS = Path(__file__).parent / "programs"


def killed_while_writing(name: str, *arguments: object, oracle: Oracle, lines: int) -> None:
    """Let a program run until it has printed so many lines, then kill it; record all that it printed."""
    command = [sys.executable, str(PROGRAMS / name), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:  # noqa: S603 # our own file
        assert program.stdout is not None
        while lines > 0:
            piece = os.read(program.stdout.fileno(), 65536)
            assert piece, "the program died by itself"
            oracle.record(piece)
            lines -= piece.count(b"\n")
        program.kill()
        oracle.record(program.stdout.read())
