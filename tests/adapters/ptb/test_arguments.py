"""What is no storage is told where it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from telegram.ext import ApplicationBuilder

from botkeep_ptb import BotkeepPersistence, SharedBotkeepPersistence, setup_botkeep


@pytest.mark.parametrize(
    "use",
    [
        BotkeepPersistence,
        SharedBotkeepPersistence,
        lambda storage: setup_botkeep(ApplicationBuilder().token("1:a"), storage),
    ],
    ids=["persistence", "shared persistence", "setup"],
)
def test_what_is_no_storage_is_refused_at_once(use: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="storage must be a Botkeep storage"):
        use("sqlite:bot.db")
