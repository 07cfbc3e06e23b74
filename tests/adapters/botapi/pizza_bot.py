"""What the example of every framework does. It polls a Bot API server over HTTP and is killed halfway."""

from __future__ import annotations

from asyncio.subprocess import Process
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.adapters.botapi.processes import running_bot
from tests.adapters.botapi.server import BotAPI

EXAMPLES = Path(__file__).parents[3] / "examples"


class PizzaBotLaws:
    """The dialogue of one example; inherit and name it.

    Attributes:
        program: the example's file name.
    """

    program: str

    @pytest.fixture(autouse=True)
    def surroundings(self, api: BotAPI, tmp_path: Path) -> None:
        self.api = api
        self.database = tmp_path / "bot.db"

    def running(self) -> AbstractAsyncContextManager[Process]:
        return running_bot(EXAMPLES / self.program, self.api.url, STORAGE=f"sqlite:{self.database}")

    async def until_answers(self, count: int) -> None:
        await self.api.until(lambda: len(self.api.sent()) == count)

    async def until_toppings_are_asked(self) -> None:
        """Wait for the moment in the dialogue at which the bot is killed."""
        await self.until_answers(2)

    async def test_a_killed_bot_goes_on_with_the_next_question(self) -> None:
        async with self.running():
            await self.api.say("/start")
            await self.until_answers(1)
            await self.api.say("large")
            await self.until_toppings_are_asked()
        async with self.running():
            for number, answer in enumerate(["ham", "Main Street 12", "yes"], 3):
                await self.api.say(answer)
                await self.until_answers(number)

        assert "size: large\n  toppings: ham\n  address: Main Street 12" in self.api.sent()[3]
        assert self.api.sent()[4] == "Pizza number 1 is on its way."

    async def test_too_many_updates_are_answered_with_patience(self) -> None:
        async with self.running():
            await self.api.say(*["/status"] * 22)
            await self.until_answers(22)

        assert sum(text.startswith("Your order") for text in self.api.sent()) == 20
        assert sum(text.startswith("Slow down") for text in self.api.sent()) == 2
