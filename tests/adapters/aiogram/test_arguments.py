"""What is no storage, or no dispatcher, is told where it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiogram import Dispatcher

from botkeep import MemoryStorage
from botkeep_aiogram import BotkeepEventIsolation, BotkeepStorage, setup_botkeep


@pytest.mark.parametrize(
    "use",
    [BotkeepStorage, BotkeepEventIsolation, lambda storage: setup_botkeep(Dispatcher(), storage)],
    ids=["storage", "isolation", "setup"],
)
def test_what_is_no_storage_is_refused_at_once(use: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="storage must be a Botkeep storage"):
        use("sqlite:bot.db")


def test_what_is_no_dispatcher_is_refused() -> None:
    with pytest.raises(TypeError, match="dispatcher must be aiogram's Dispatcher"):
        setup_botkeep(MemoryStorage(), Dispatcher())  # type: ignore[arg-type] # the point
