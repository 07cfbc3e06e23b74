"""examples/aiogram_bot.py itself."""

from __future__ import annotations

from tests.adapters.botapi.pizza_bot import PizzaBotLaws


class TestAiogramBot(PizzaBotLaws):
    program = "aiogram_bot.py"
