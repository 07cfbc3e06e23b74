"""Botkeep: state storage for chat bots.

Every public name can be imported from here. Each is loaded when it is first asked for: a bot pays for what it
uses, and `import botkeep` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage
    from botkeep.ambient import acting_user, configure, erase_user, store, user
    from botkeep.errors import (
        BotkeepError,
        ConflictError,
        CorruptDocumentError,
        CounterOverflowError,
        DeadlockError,
        DocumentError,
        EventLoopError,
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
    from botkeep.fsm import (
        FSMContext,
        HeldLock,
        KeyStrategy,
        Ordering,
        State,
        StateKey,
        StatesGroup,
        Turn,
        Visit,
        state_key,
    )
    from botkeep.lease import Lease
    from botkeep.migrate import Migration
    from botkeep.patterns import escape_pattern
    from botkeep.ratelimit import Rate, RateLimiter, Verdict
    from botkeep.storages.addresses import storage_at
    from botkeep.storages.file import FileStorage
    from botkeep.storages.memory import MemoryStorage
    from botkeep.storages.redis import EvictionWarning, RedisStorage
    from botkeep.storages.sqlite import SQLiteStorage
    from botkeep.subjects import Scope, Subject, speaker_id
    from botkeep.ttl import KEEP_TTL, NO_TTL

__version__ = "0.2.0"

__all__ = [
    "KEEP_TTL",
    "NO_TTL",
    "BaseStorage",
    "BotkeepError",
    "ConflictError",
    "CorruptDocumentError",
    "CounterOverflowError",
    "DeadlockError",
    "DocumentError",
    "EventLoopError",
    "EvictionWarning",
    "FSMContext",
    "FileStorage",
    "HeldLock",
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
    "Scope",
    "State",
    "StateKey",
    "StatesGroup",
    "StorageClosedError",
    "StorageError",
    "StorageFormatError",
    "StorageUnavailableError",
    "Subject",
    "Turn",
    "UnknownStateError",
    "Verdict",
    "Visit",
    "acting_user",
    "configure",
    "erase_user",
    "escape_pattern",
    "speaker_id",
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
    "HeldLock": "fsm",
    "KeyStrategy": "fsm",
    "Lease": "lease",
    "MemoryStorage": "storages.memory",
    "Migration": "migrate",
    "Ordering": "fsm",
    "Rate": "ratelimit",
    "RateLimiter": "ratelimit",
    "RedisStorage": "storages.redis",
    "SQLiteStorage": "storages.sqlite",
    "Scope": "subjects",
    "State": "fsm",
    "StateKey": "fsm",
    "StatesGroup": "fsm",
    "Subject": "subjects",
    "Turn": "fsm",
    "Verdict": "ratelimit",
    "Visit": "fsm",
    "acting_user": "ambient",
    "configure": "ambient",
    "erase_user": "ambient",
    "escape_pattern": "patterns",
    "speaker_id": "subjects",
    "state_key": "fsm",
    "storage_at": "storages.addresses",
    "store": "ambient",
    "user": "ambient",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(f"botkeep.{_HOMES.get(name, 'errors')}")
    except ModuleNotFoundError as exc:
        package = (exc.name or "").partition(".")[0]
        raise ImportError(f"{name} needs the package {package!r}: pip install 'botkeep[{package}]'") from exc
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
