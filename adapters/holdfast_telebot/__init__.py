"""Holdfast for pyTelegramBotAPI 4."""

from __future__ import annotations

from holdfast_telebot.limits import RateLimitMiddleware, SyncRateLimitMiddleware
from holdfast_telebot.setup import setup_holdfast
from holdfast_telebot.states import HoldfastStateStorage
from holdfast_telebot.sync_states import HoldfastSyncStateStorage

__all__ = [
    "HoldfastStateStorage",
    "HoldfastSyncStateStorage",
    "RateLimitMiddleware",
    "SyncRateLimitMiddleware",
    "setup_holdfast",
]
