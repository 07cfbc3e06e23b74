"""A command line tool on StatefulObject: each call is a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "programs" / "mycli.py"


def mycli(*arguments: str) -> str:
    command = [sys.executable, str(PROGRAM), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 # our own file
    return done.stdout


def test_a_command_remembers_its_profile_and_the_last_ten_commands(home: Path) -> None:
    first = mycli("--profile", "prod", "build")
    others = [mycli(f"build-{number}") for number in range(10)]

    assert {first, *others} == {"Using profile: prod\nBuilding...\n"}
    session = json.loads((home / ".mycli" / "session.json").read_text())
    assert session["recent_commands"] == [f"build-{number}" for number in range(10)]
