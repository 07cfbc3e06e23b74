"""Holdfast: state storage for chat bots.

Every public name can be imported from here. Each is loaded when it is first asked for: a bot pays for what it
uses, and `import holdfast` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.abc import BaseStorage
    from holdfast.errors import (
        CorruptDocumentError,
        CounterOverflowError,
        DocumentError,
        EventLoopError,
        HoldfastError,
        IdentifierError,
        LeaseLostError,
        MigrationError,
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
    "MigrationError",
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
    "BaseStorage": "abc",
    "KEEP_TTL": "ttl",
    "Lease": "lease",
    "MemoryStorage": "storages.memory",
    "NO_TTL": "ttl",
    "SQLiteStorage": "storages.sqlite",
    "escape_pattern": "keys",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"holdfast.{_HOMES.get(name, 'errors')}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
