"""Botkeep for pyTelegramBotAPI 4."""

from __future__ import annotations

try:
    import telebot  # noqa: F401 # as below
    import typing_extensions  # noqa: F401 # the modules below need it
except ModuleNotFoundError as exc:
    raise ModuleNotFoundError(
        f"botkeep_telebot needs the package {exc.name}: pip install 'botkeep[telebot]'", name=exc.name
    ) from exc

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
