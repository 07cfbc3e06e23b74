"""Holdfast: state storage for chat bots.

Every public name can be imported from here. Each is loaded when it is first asked for: a bot pays for what it
uses, and `import holdfast` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.abc import BaseStorage
    from holdfast.ambient import acting_user, configure, erase_user, store, user
    from holdfast.errors import (
        ConflictError,
        CorruptDocumentError,
        CounterOverflowError,
        DeadlockError,
        DocumentError,
        EventLoopError,
        HoldfastError,
        IdentifierError,
        InvalidTransitionError,
        LeaseLostError,
        MigrationError,
        NotACounterError,
        NoUserError,
        OutcomeUnknownError,
        RateLimitedError,
        StorageClosedError,
        StorageError,
        StorageFormatError,
        StorageUnavailableError,
        UnknownStateError,
    )
    from holdfast.fsm import (
        FSMContext,
        Hold,
        KeyStrategy,
        Ordering,
        State,
        StateKey,
        StatesGroup,
        Turn,
        Visit,
        state_key,
    )
    from holdfast.lease import Lease
    from holdfast.migrate import Migration
    from holdfast.patterns import escape_pattern
    from holdfast.ratelimit import Rate, RateLimiter, Verdict
    from holdfast.storages.addresses import storage_at
    from holdfast.storages.file import FileStorage
    from holdfast.storages.memory import MemoryStorage
    from holdfast.storages.redis import EvictionWarning, RedisStorage
    from holdfast.storages.sqlite import SQLiteStorage
    from holdfast.ttl import KEEP_TTL, NO_TTL

__version__ = "0.1.0"

__all__ = [
    "KEEP_TTL",
    "NO_TTL",
    "BaseStorage",
    "ConflictError",
    "CorruptDocumentError",
    "CounterOverflowError",
    "DeadlockError",
    "DocumentError",
    "EventLoopError",
    "EvictionWarning",
    "FSMContext",
    "FileStorage",
    "Hold",
    "HoldfastError",
    "IdentifierError",
    "InvalidTransitionError",
    "KeyStrategy",
    "Lease",
    "LeaseLostError",
    "MemoryStorage",
    "Migration",
    "MigrationError",
    "NoUserError",
    "NotACounterError",
    "Ordering",
    "OutcomeUnknownError",
    "Rate",
    "RateLimitedError",
    "RateLimiter",
    "RedisStorage",
    "SQLiteStorage",
    "State",
    "StateKey",
    "StatesGroup",
    "StorageClosedError",
    "StorageError",
    "StorageFormatError",
    "StorageUnavailableError",
    "Turn",
    "UnknownStateError",
    "Verdict",
    "Visit",
    "acting_user",
    "configure",
    "erase_user",
    "escape_pattern",
    "state_key",
    "storage_at",
    "store",
    "user",
]

_HOMES = {
    "KEEP_TTL": "ttl",
    "NO_TTL": "ttl",
    "BaseStorage": "abc",
    "EvictionWarning": "storages.redis",
    "FSMContext": "fsm",
    "FileStorage": "storages.file",
    "Hold": "fsm",
    "KeyStrategy": "fsm",
    "Lease": "lease",
    "MemoryStorage": "storages.memory",
    "Migration": "migrate",
    "Ordering": "fsm",
    "Rate": "ratelimit",
    "RateLimiter": "ratelimit",
    "RedisStorage": "storages.redis",
    "SQLiteStorage": "storages.sqlite",
    "State": "fsm",
    "StateKey": "fsm",
    "StatesGroup": "fsm",
    "Turn": "fsm",
    "Verdict": "ratelimit",
    "Visit": "fsm",
    "acting_user": "ambient",
    "configure": "ambient",
    "erase_user": "ambient",
    "escape_pattern": "patterns",
    "state_key": "fsm",
    "storage_at": "storages.addresses",
    "store": "ambient",
    "user": "ambient",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(f"holdfast.{_HOMES.get(name, 'errors')}")
    except ModuleNotFoundError as exc:
        raise ImportError(
            f"{name} needs the package {exc.name!r}: pip install 'holdfast[{exc.name}]'"
        ) from exc
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
