"""The pizza bot, as a user meets it: the very file, in a process of its own, spoken to in its terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import pytest

BOT = Path(__file__).parents[2] / "examples" / "pizza_terminal.py"
PROMPT = "> "


class Terminal:
    """A bot that runs in a terminal of its own, with its memory in a folder."""

    def __init__(self, folder: Path) -> None:
        self._screen, keyboard = pty.openpty()
        self.process = subprocess.Popen(  # noqa: S603 # our own file
            [sys.executable, BOT], cwd=folder, stdin=keyboard, stdout=keyboard, stderr=keyboard
        )
        os.close(keyboard)
        self.greeting = self._read()

    def say(self, line: str) -> str:
        """Type a line; return what the bot prints until it waits for the next one."""
        os.write(self._screen, f"{line}\n".encode())
        echo, _, answer = self._read().partition("\r\n")
        assert echo == line
        return answer

    def leave(self) -> str:
        """Type Ctrl-D; return the bot's last words."""
        os.write(self._screen, b"\x04")
        self.process.wait()
        return self._read()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self.kill()
        os.close(self._screen)

    def _read(self) -> str:
        text = ""
        with suppress(OSError):  # a terminal without a process behind it gives EIO
            while not text.endswith(PROMPT) and (piece := os.read(self._screen, 1024)):
                text += piece.decode()
        return text.removesuffix(PROMPT)


Start: TypeAlias = Callable[[], Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the bot, again and again, on one memory."""
    terminals: list[Terminal] = []

    def start_another() -> Terminal:
        terminals.append(Terminal(tmp_path))
        return terminals[-1]

    yield start_another
    for terminal in terminals:
        terminal.close()


def piped(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 # our own file
        [sys.executable, BOT], cwd=folder, input=text, capture_output=True, text=True, check=False
    )


def test_any_first_line_starts_an_order_and_four_answers_place_it(start: Start) -> None:
    bot = start()

    assert "Say anything" in bot.greeting
    assert "What size" in bot.say("hi")
    assert "toppings" in bot.say("Large")
    assert "Where" in bot.say("Ham, olives")
    assert bot.say("1 High Street").splitlines() == [
        "Your order:",
        "  size: large",
        "  toppings: ham, olives",
        "  address: 1 High Street",
        "Shall I order it: yes or no?",
    ]
    assert "Pizza number 1 is on its way" in bot.say("yes")
    assert "What size" in bot.say("another")


@pytest.mark.parametrize(
    "answers", [["hi"], ["hi", "large"], ["hi", "large", "ham"], ["hi", "large", "ham", "1 A"]]
)
def test_a_bot_killed_after_any_answer_goes_on_at_the_next_question(start: Start, answers: list[str]) -> None:
    killed = start()
    questions = [killed.say(answer) for answer in answers]
    killed.kill()

    assert start().greeting.endswith(questions[-1])


def test_an_order_survives_a_kill_in_each_question(start: Start) -> None:
    for answer in ["hi", "small", "none", "2 Low Road"]:
        bot = start()
        bot.say(answer)
        bot.kill()

    assert "Pizza number 1 is on its way" in start().say("yes")


def test_an_unfit_answer_is_asked_again_and_changes_nothing(start: Start) -> None:
    bot = start()
    bot.say("hi")

    assert "small, medium and large" in bot.say("huge")
    assert "toppings" in bot.say("medium")
    assert "commas" in bot.say("ham,,olives")
    assert "Where" in bot.say("none")
    assert "number" in bot.say("nowhere")
    assert "yes or no" in bot.say("3 Mill Lane")
    assert "yes or no" in bot.say("perhaps")
    assert "Pizza number 1" in bot.say("YES")


def test_a_no_at_the_end_orders_nothing(start: Start) -> None:
    bot = start()
    for answer in ["hi", "small", "none", "2 Low Road"]:
        bot.say(answer)

    assert "You have no order" in bot.say("no")


def test_status_shows_the_order_so_far_and_asks_on(start: Start) -> None:
    bot = start()

    assert "nothing yet" in bot.say("/status")
    bot.say("hi")
    bot.say("large")
    assert bot.say("/status").splitlines()[:2] == ["Your order:", "  size: large"]
    assert "Where" in bot.say("ham")


def test_cancel_drops_the_order_and_keeps_the_count_that_forget_erases(start: Start) -> None:
    order = ["hi", "small", "none", "2 Low Road", "yes"]
    bot = start()
    for answer in order:
        bot.say(answer)
    bot.say("hi")

    assert "You have no order" in bot.say("/cancel")
    assert "Pizza number 2" in [bot.say(answer) for answer in order][-1]
    assert "You have no order" in bot.say("/forget")
    assert "Pizza number 1" in [bot.say(answer) for answer in order][-1]


def test_an_unknown_command_is_no_answer(start: Start) -> None:
    bot = start()
    bot.say("hi")

    assert "/status" in bot.say("/stats")
    assert "toppings" in bot.say("large")


def test_the_end_of_input_is_a_polite_goodbye(start: Start) -> None:
    bot = start()
    bot.say("hi")

    assert "Bye" in bot.leave()
    assert bot.process.returncode == 0


def test_lines_from_a_pipe_go_on_in_the_next_process(tmp_path: Path) -> None:
    first = piped(tmp_path, "hi\nlarge\n")
    second = piped(tmp_path, "ham\n")

    assert first.returncode == second.returncode == 0
    assert first.stderr == second.stderr == ""
    assert "Which toppings" in first.stdout
    assert second.stdout.index("Which toppings") < second.stdout.index("Where shall it go")


def test_a_memory_that_cannot_be_opened_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "pizza.db").write_text("my own notes")
    bot = piped(tmp_path, "hi\n")

    assert bot.returncode == 1
    assert "not a SQLite database" in bot.stderr
    assert "Traceback" not in bot.stderr
    assert (tmp_path / "pizza.db").read_text() == "my own notes"
