"""Holdfast for python-telegram-bot 22."""

from __future__ import annotations

from holdfast_ptb.persistence import HoldfastPersistence, SharedHoldfastPersistence
from holdfast_ptb.values import PickledValues, PlainValues, Values

__all__ = [
    "HoldfastPersistence",
    "PickledValues",
    "PlainValues",
    "SharedHoldfastPersistence",
    "Values",
]
