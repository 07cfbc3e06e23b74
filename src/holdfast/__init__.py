"""Holdfast: state storage for chat bots."""

from __future__ import annotations

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
from holdfast.storages.memory import MemoryStorage
from holdfast.storages.sqlite import SQLiteStorage
from holdfast.ttl import KEEP_TTL, NO_TTL

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
