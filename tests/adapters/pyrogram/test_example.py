"""examples/pyrogram_bot.py itself, in a process that is killed in mid-dialogue."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.adapters.pyrogram import terminal

ROOT = Path(__file__).parents[3]


class Bot:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say(self, text: str, *, user: int = 7) -> str:
        """Send a message and return what the bot answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{user}: {text}\n")
        self._process.stdin.flush()
        return "".join(iter(self._process.stdout.readline, "\n"))


@contextmanager
def running(path: Path) -> Iterator[Bot]:
    """A bot on a storage file; killed at the end."""
    command = [sys.executable, "-m", terminal.__name__, str(path)]
    with subprocess.Popen(  # noqa: S603 # our own program
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Bot(process)
        finally:
            process.kill()


def test_a_killed_bot_goes_on_with_the_next_question(tmp_path: Path) -> None:
    with running(tmp_path / "bot.db") as bot:
        bot.say("/start")
        bot.say("/start", user=8)
        bot.say("large")
    with running(tmp_path / "bot.db") as bot:
        bot.say("ham")
        summary = bot.say("Main Street 12")
        others = bot.say("huge", user=8)
        done = bot.say("yes")

    assert "size: large\n  toppings: ham\n  address: Main Street 12" in summary
    assert others == "There is small, medium and large. Which shall it be?\n"
    assert done == "Pizza number 1 is on its way.\n"


def test_too_many_updates_are_answered_with_patience(tmp_path: Path) -> None:
    with running(tmp_path / "bot.db") as bot:
        answers = [bot.say("/status") for _ in range(22)]

    assert sum(answer.startswith("Your order") for answer in answers) == 20
    assert sum(answer.startswith("Slow down") for answer in answers) == 2
