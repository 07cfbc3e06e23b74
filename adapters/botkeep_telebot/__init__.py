"""Botkeep for pyTelegramBotAPI 4."""

from __future__ import annotations

from botkeep_telebot.data import DataBlockEndedError
from botkeep_telebot.limits import RateLimitMiddleware, SyncRateLimitMiddleware
from botkeep_telebot.setup import setup_botkeep
from botkeep_telebot.states import BotkeepStateStorage
from botkeep_telebot.sync_states import BotkeepSyncStateStorage

__all__ = [
    "BotkeepStateStorage",
    "BotkeepSyncStateStorage",
    "DataBlockEndedError",
    "RateLimitMiddleware",
    "SyncRateLimitMiddleware",
    "setup_botkeep",
]
