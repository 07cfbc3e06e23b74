"""Botkeep for aiogram 3."""

from __future__ import annotations

from botkeep_aiogram.handling import UserScopeMiddleware
from botkeep_aiogram.isolation import BotkeepEventIsolation
from botkeep_aiogram.limits import RateLimitMiddleware
from botkeep_aiogram.setup import setup_botkeep
from botkeep_aiogram.storage import BotkeepStorage

__all__ = [
    "BotkeepEventIsolation",
    "BotkeepStorage",
    "RateLimitMiddleware",
    "UserScopeMiddleware",
    "setup_botkeep",
]
