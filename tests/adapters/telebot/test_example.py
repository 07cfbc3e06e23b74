"""examples/telebot_bot.py itself."""

from __future__ import annotations

from tests.adapters.botapi.pizza_bot import PizzaBotLaws


class TestTelebotBot(PizzaBotLaws):
    program = "telebot_bot.py"
