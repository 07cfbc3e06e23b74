"""Botkeep for discord.py: views that are alive after a restart, and the rest of a bot's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botkeep_discord.backends.builtin import (
    FileStorageBackend,
    RedisBackend,
    SQLiteBackend,
    StorageBackend,
    migrate_storage,
)
from botkeep_discord.backends.serializer import StateSerializer
from botkeep_discord.contexts import fsm_context
from botkeep_discord.cooldowns import Cooldown, cooldown
from botkeep_discord.errors import NoMigrationError, NotSetUpError, StateKeyTakenError, ViewError
from botkeep_discord.setup import setup_persistence
from botkeep_discord.views.modals import PersistentModal
from botkeep_discord.views.persistent import PersistentView
from botkeep_discord.views.state import ViewState
from botkeep_discord.views.summary import RestoreSummary

if TYPE_CHECKING:
    from botkeep_discord.views.layout import PersistentLayoutView

__all__ = [
    "Cooldown",
    "FileStorageBackend",
    "NoMigrationError",
    "NotSetUpError",
    "PersistentLayoutView",
    "PersistentModal",
    "PersistentView",
    "RedisBackend",
    "RestoreSummary",
    "SQLiteBackend",
    "StateKeyTakenError",
    "StateSerializer",
    "StorageBackend",
    "ViewError",
    "ViewState",
    "cooldown",
    "fsm_context",
    "migrate_storage",
    "setup_persistence",
]


def __getattr__(name: str) -> Any:
    # The library has layout views since 2.6: who asks for them with an older one is told so.
    if name != "PersistentLayoutView":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from botkeep_discord.views.layout import PersistentLayoutView  # noqa: PLC0415

    globals()[name] = PersistentLayoutView
    return PersistentLayoutView
