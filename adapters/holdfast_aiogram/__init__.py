"""Holdfast for aiogram 3."""

from __future__ import annotations

from holdfast_aiogram.limits import RateLimitMiddleware
from holdfast_aiogram.setup import UserScopeMiddleware, setup_holdfast
from holdfast_aiogram.storage import HoldfastEventIsolation, HoldfastStorage

__all__ = [
    "HoldfastEventIsolation",
    "HoldfastStorage",
    "RateLimitMiddleware",
    "UserScopeMiddleware",
    "setup_holdfast",
]
