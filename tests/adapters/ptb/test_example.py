"""examples/ptb_bot.py itself."""

from __future__ import annotations

from tests.adapters.botapi.pizza_bot import PizzaBotLaws
from tests.adapters.conditions import until

from botkeep import SQLiteStorage
from botkeep._core.compat import override


class TestPTBBot(PizzaBotLaws):
    program = "ptb_bot.py"

    @override
    async def until_toppings_are_asked(self) -> None:
        # The answer goes out before the update is done: a kill between the two would repeat the question.
        async with SQLiteStorage(self.database) as storage:
            states = storage.namespace("ptb").namespace("42").namespace("conversations").namespace("order")

            async def asked() -> bool:
                return bool(await states.get_state("[7, 7]") == 1)

            await until(asked)
