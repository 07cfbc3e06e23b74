"""Conversations: those that would be forgotten, and states that are members of enums."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from telegram.ext import CommandHandler, ConversationHandler, MessageHandler, filters
from tests.adapters.ptb.bots import new_application

from botkeep import MemoryStorage, SQLiteStorage


async def begin_order(update: Any, context: Any) -> int:
    return 1


def conversation(**settings: Any) -> Any:
    return ConversationHandler([CommandHandler("start", begin_order)], {1: []}, [], **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"that begins with begin_order forgets .* give it name= and persistent=True"),
        ({"name": "order"}, r"ConversationHandler 'order' forgets .* give it persistent=True"),
    ],
)
async def test_one_that_would_be_forgotten_is_warned_of_at_the_start(
    settings: dict[str, Any], message: str
) -> None:
    application = new_application(MemoryStorage())
    application.add_handler(conversation(**settings))

    with pytest.warns(UserWarning, match=message):
        await application.initialize()
    await application.shutdown()


async def test_one_inside_another_is_warned_of_too() -> None:
    inner = conversation(map_to_parent={1: 2})
    outer: Any = ConversationHandler([inner], {2: []}, [], name="outer")
    application = new_application(MemoryStorage())
    application.add_handler(outer)

    with (
        pytest.warns(UserWarning, match="'outer' forgets"),
        pytest.warns(UserWarning, match="begin_order forgets"),
    ):
        await application.initialize()
    await application.shutdown()


async def test_one_that_is_added_after_the_start_is_warned_of_then() -> None:
    async with new_application(MemoryStorage()) as application:
        with pytest.warns(UserWarning, match="begin_order forgets"):
            application.add_handler(conversation())


async def test_one_that_is_kept_is_no_reason_for_a_warning() -> None:
    application = new_application(MemoryStorage())
    application.add_handler(conversation(name="order", persistent=True))
    application.add_handler(MessageHandler(filters.ALL, begin_order))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with application:
            assert len(application.handlers[0]) == 2


BOT = """
import asyncio, enum, sys
from telegram import Update
from telegram.ext import CommandHandler, ConversationHandler, MessageHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import feed, new_application
from botkeep import SQLiteStorage

class Step(enum.Enum):
    SIZE = 1
    DONE = 2

async def start(update, context):
    context.user_data["step"] = Step.SIZE
    return Step.SIZE

async def size(update, context):
    print("size is asked for:", context.user_data["step"] is Step.SIZE)
    return Step.DONE

def application(path):
    made = new_application(SQLiteStorage(path))
    states = {Step.SIZE: [MessageHandler(filters.TEXT, size)], Step.DONE: []}
    starts = [CommandHandler("start", start)]
    made.add_handler(ConversationHandler(starts, states, [], name="order", persistent=True))
    return made

async def handle(path, text):
    async with application(path) as made:
        await feed(made, updates.message(text))

if __name__ == "__main__":
    asyncio.run(handle(*sys.argv[1:]))
"""

IMPORTED = "import asyncio, sys; import {module} as bot; asyncio.run(bot.handle(*sys.argv[1:]))"


@pytest.mark.parametrize("first", ["script", "imported"])
@pytest.mark.parametrize("second", ["script", "imported", "module", "in a package"])
def test_a_state_of_an_enum_is_found_however_the_bot_is_started(
    tmp_path: Path, first: str, second: str
) -> None:
    (tmp_path / "package").mkdir()
    for folder in (tmp_path, tmp_path / "package"):
        (folder / "bot.py").write_text(BOT)
    commands = {
        "script": [str(tmp_path / "bot.py")],
        "module": ["-m", "bot"],
        "imported": ["-c", IMPORTED.format(module="bot")],
        "in a package": ["-c", IMPORTED.format(module="package.bot")],
    }

    def run(way: str, text: str) -> str:
        command = [sys.executable, *commands[way], str(tmp_path / "bot.db"), text]
        paths = [str(tmp_path), str(Path(__file__).parents[3]), *sys.path]
        done = subprocess.run(  # noqa: S603 # our own code
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"PYTHONPATH": ":".join(paths)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(first, "/start")

    assert run(second, "large") == "size is asked for: True\n"


async def test_a_state_that_version_0_1_has_written_is_found(tmp_path: Path) -> None:
    written_by_a_script = {"@enum": ["__main__", "Step", "SIZE", 1]}
    (tmp_path / "bot.py").write_text(BOT)
    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        states = storage.namespace("ptb").namespace("42").namespace("conversations").namespace("order")
        await states.set_state("[7, 7]", written_by_a_script)
        await (
            storage.namespace("ptb")
            .namespace("42")
            .namespace("users")
            .set_state("7", {"step": written_by_a_script})
        )
    command = [sys.executable, "-c", IMPORTED.format(module="bot"), str(tmp_path / "bot.db"), "large"]
    paths = [str(tmp_path), str(Path(__file__).parents[3]), *sys.path]
    done = subprocess.run(  # noqa: S603, ASYNC221 # our own code
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(paths)},
    )

    assert (done.stdout, done.stderr) == ("size is asked for: True\n", "")
