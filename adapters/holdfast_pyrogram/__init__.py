"""Holdfast for kurigram and for pyrogram 2: the same code, whichever of the two is installed."""

from __future__ import annotations

from typing import Any

from holdfast import BaseStorage
from holdfast_pyrogram.client import Client, HoldfastMixin
from holdfast_pyrogram.filters import AnyStateFilter, NoStateFilter, StateFilter
from holdfast_pyrogram.limits import RateLimitMiddleware, rate_limit

__all__ = [
    "AnyStateFilter",
    "Client",
    "HoldfastMixin",
    "NoStateFilter",
    "RateLimitMiddleware",
    "StateFilter",
    "for_kurigram_addons",
    "rate_limit",
]


def for_kurigram_addons(storage: BaseStorage) -> Any:
    """Return what ``KurigramClient(storage=...)`` takes; it opens and closes the storage."""
    from holdfast_pyrogram.addons import KurigramAddonsStorage  # noqa: PLC0415 # few bots have that package

    return KurigramAddonsStorage(storage)
