"""Botkeep for python-telegram-bot 22."""

from __future__ import annotations

from botkeep_ptb.application import BotkeepApplication, setup_botkeep
from botkeep_ptb.limits import rate_limit
from botkeep_ptb.persistence import BotkeepPersistence, SharedBotkeepPersistence
from botkeep_ptb.values import PickledValues, PlainValues, Values

__all__ = [
    "BotkeepApplication",
    "BotkeepPersistence",
    "PickledValues",
    "PlainValues",
    "SharedBotkeepPersistence",
    "Values",
    "rate_limit",
    "setup_botkeep",
]
