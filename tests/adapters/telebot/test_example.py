"""examples/telebot_bot.py itself, polling a Bot API server over HTTP, killed and started again."""

from __future__ import annotations

from pathlib import Path

from tests.adapters.botapi.processes import running_bot
from tests.adapters.botapi.server import BotAPI

PROGRAM = Path(__file__).parents[3] / "examples" / "telebot_bot.py"


async def test_a_killed_bot_goes_on_with_the_next_question(api: BotAPI, tmp_path: Path) -> None:
    async with running_bot(PROGRAM, api.url, STORAGE=f"sqlite:{tmp_path}/bot.db"):
        await api.say("/start")
        await api.until(lambda: len(api.sent()) == 1)
        await api.say("large")
        await api.until(lambda: len(api.sent()) == 2)
    async with running_bot(PROGRAM, api.url, STORAGE=f"sqlite:{tmp_path}/bot.db"):
        await api.say("ham")
        await api.until(lambda: len(api.sent()) == 3)
        await api.say("Main Street 12")
        await api.until(lambda: len(api.sent()) == 4)
        await api.say("yes")
        await api.until(lambda: len(api.sent()) == 5)

    assert "size: large\n  toppings: ham\n  address: Main Street 12" in api.sent()[3]
    assert api.sent()[4] == "Pizza number 1 is on its way."


async def test_too_many_updates_are_answered_with_patience(api: BotAPI, tmp_path: Path) -> None:
    async with running_bot(PROGRAM, api.url, STORAGE=f"sqlite:{tmp_path}/bot.db"):
        await api.say(*["/status"] * 22)
        await api.until(lambda: len(api.sent()) == 22)

    assert sum(text.startswith("Your order") for text in api.sent()) == 20
    assert sum(text.startswith("Slow down") for text in api.sent()) == 2
