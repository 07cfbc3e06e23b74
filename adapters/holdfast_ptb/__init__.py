"""Holdfast for python-telegram-bot 22."""

from __future__ import annotations

from holdfast_ptb.application import HoldfastApplication, setup_holdfast
from holdfast_ptb.limits import rate_limit
from holdfast_ptb.persistence import HoldfastPersistence, SharedHoldfastPersistence
from holdfast_ptb.values import PickledValues, PlainValues, Values

__all__ = [
    "HoldfastApplication",
    "HoldfastPersistence",
    "PickledValues",
    "PlainValues",
    "SharedHoldfastPersistence",
    "Values",
    "rate_limit",
    "setup_holdfast",
]
