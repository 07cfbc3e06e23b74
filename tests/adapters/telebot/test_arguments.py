"""What is no storage, or no bot, is told where it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from telebot import TeleBot
from telebot.async_telebot import AsyncTeleBot

from botkeep import MemoryStorage
from botkeep_telebot import BotkeepStateStorage, BotkeepSyncStateStorage, setup_botkeep


@pytest.mark.parametrize(
    "use",
    [
        BotkeepStateStorage,
        BotkeepSyncStateStorage,
        lambda storage: setup_botkeep(AsyncTeleBot("1:a"), storage),
        lambda storage: setup_botkeep(TeleBot("1:a"), storage),
    ],
    ids=["states", "synchronous states", "setup", "synchronous setup"],
)
async def test_what_is_no_storage_is_refused_at_once(use: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="storage must be a Botkeep storage"):
        use("sqlite:bot.db")


def test_what_is_no_bot_is_refused() -> None:
    with pytest.raises(TypeError, match="bot must be pyTelegramBotAPI's"):
        setup_botkeep("1:a", MemoryStorage())  # type: ignore[call-overload] # the point
