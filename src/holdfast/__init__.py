"""Holdfast: state storage for chat bots.

The storages and what is built on them are imported when first asked for: a bot pays for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdfast.abc import BaseStorage
from holdfast.errors import (
    CorruptDocumentError,
    CounterOverflowError,
    DocumentError,
    EventLoopError,
    HoldfastError,
    IdentifierError,
    LeaseLostError,
    NotACounterError,
    OutcomeUnknownError,
    StorageClosedError,
    StorageError,
    StorageFormatError,
    StorageUnavailableError,
)
from holdfast.keys import escape_pattern
from holdfast.lease import Lease
from holdfast.ttl import KEEP_TTL, NO_TTL

if TYPE_CHECKING:
    from holdfast.storages.memory import MemoryStorage
    from holdfast.storages.sqlite import SQLiteStorage

__version__ = "0.1.0"

__all__ = [
    "KEEP_TTL",
    "NO_TTL",
    "BaseStorage",
    "CorruptDocumentError",
    "CounterOverflowError",
    "DocumentError",
    "EventLoopError",
    "HoldfastError",
    "IdentifierError",
    "Lease",
    "LeaseLostError",
    "MemoryStorage",
    "NotACounterError",
    "OutcomeUnknownError",
    "SQLiteStorage",
    "StorageClosedError",
    "StorageError",
    "StorageFormatError",
    "StorageUnavailableError",
    "escape_pattern",
]

_HOMES = {
    "MemoryStorage": "holdfast.storages.memory",
    "SQLiteStorage": "holdfast.storages.sqlite",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
