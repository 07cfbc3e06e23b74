"""Holdfast for kurigram and for pyrogram 2: the same code, whichever of the two is installed."""

from __future__ import annotations

from holdfast_pyrogram.addons import KurigramAddonsStorage, for_kurigram_addons
from holdfast_pyrogram.client import Client, HoldfastMixin
from holdfast_pyrogram.filters import AnyStateFilter, NoStateFilter, StateFilter
from holdfast_pyrogram.limits import RateLimitMiddleware, rate_limit

__all__ = [
    "AnyStateFilter",
    "Client",
    "HoldfastMixin",
    "KurigramAddonsStorage",
    "NoStateFilter",
    "RateLimitMiddleware",
    "StateFilter",
    "for_kurigram_addons",
    "rate_limit",
]
