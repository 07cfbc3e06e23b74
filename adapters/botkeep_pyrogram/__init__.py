"""Botkeep for kurigram and for pyrogram 2: the same code, whichever of the two is installed."""

from __future__ import annotations

from typing import Any

from botkeep import BaseStorage
from botkeep_pyrogram.client import BotkeepMixin, Client
from botkeep_pyrogram.filters import AnyStateFilter, NoStateFilter, StateFilter
from botkeep_pyrogram.limits import RateLimitMiddleware, rate_limit

__all__ = [
    "AnyStateFilter",
    "BotkeepMixin",
    "Client",
    "NoStateFilter",
    "RateLimitMiddleware",
    "StateFilter",
    "for_kurigram_addons",
    "rate_limit",
]


def for_kurigram_addons(storage: BaseStorage) -> Any:
    """Return what ``KurigramClient(storage=...)`` takes; it opens and closes the storage."""
    from botkeep_pyrogram.addons import KurigramAddonsStorage  # noqa: PLC0415 # few bots have that package

    return KurigramAddonsStorage(storage)
