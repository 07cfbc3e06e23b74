"""Botkeep for discord.py: views that are alive after a restart, and the rest of a bot's memory.

Raises:
    ModuleNotFoundError: discord.py is not installed.
    ImportError: this ``discord`` is older than 2.4, or another library of that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    import discord
    import typing_extensions  # noqa: F401 # what the extra brings
except ModuleNotFoundError as exc:
    raise ModuleNotFoundError(
        f"botkeep_discord needs discord.py, and {exc.name} is not installed: pip install 'botkeep[discord]'",
        name=exc.name,
    ) from exc

if discord.__title__ != "discord" or discord.version_info < (2, 4):
    raise ImportError(
        f"botkeep_discord needs discord.py 2.4 or newer, and `discord` is {discord.__title__} "
        f"{discord.__version__}: pip install --upgrade 'botkeep[discord]'",
        name="discord",
    )

from botkeep_discord.backends.builtin import (
    FileStorageBackend,
    RedisBackend,
    SQLiteBackend,
    migrate_storage,
)
from botkeep_discord.backends.protocol import StorageBackend
from botkeep_discord.backends.serializer import StateSerializer
from botkeep_discord.contexts import fsm_context
from botkeep_discord.cooldowns import Cooldown, cooldown, rate_limit
from botkeep_discord.errors import NoMigrationError, NotSetUpError, StateKeyTakenError, ViewError
from botkeep_discord.interactions.order import leave_order
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
    "leave_order",
    "migrate_storage",
    "rate_limit",
    "setup_persistence",
]


def __getattr__(name: str) -> Any:
    # The library has layout views since 2.6: who asks for them with an older one is told so.
    if name != "PersistentLayoutView":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from botkeep_discord.views.layout import PersistentLayoutView  # noqa: PLC0415

    globals()[name] = PersistentLayoutView
    return PersistentLayoutView
