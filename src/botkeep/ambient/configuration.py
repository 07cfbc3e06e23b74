"""Which storage `store` and `user` keep things in."""

from __future__ import annotations

import asyncio
import atexit
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botkeep.abc import BaseStorage
from botkeep.errors import StorageError

if TYPE_CHECKING:
    from botkeep.storages.sqlite import SQLiteStorage

DEFAULT_PATH: Final = Path("data", "botkeep.db")
"""Where the default storage lies, from the folder in which the program was when it was first used."""


class _Choice:
    """The storage in use: the configured one, else the default, made when it is first needed."""

    def __init__(self) -> None:
        self.configured: BaseStorage | None = None
        self.default: SQLiteStorage | None = None

    def storage(self) -> BaseStorage:
        if self.configured is not None:
            return self.configured
        if self.default is None:
            from botkeep.storages.sqlite import SQLiteStorage  # noqa: PLC0415 # most bots configure another

            self.default = SQLiteStorage(DEFAULT_PATH.absolute())
            atexit.register(_stop, self.default, os.getpid())
        return self.default


choice: Final = _Choice()


def configure(storage: BaseStorage) -> None:
    """Choose where `store` and `user` keep things; before their first use, best at the bot's start.

    Without it, it is a `SQLiteStorage` in ``data/botkeep.db``, made at the first use and closed at exit. The
    storage given here is the caller's: start and stop it as any other. A second call changes to another one;
    what was saved stays where it is.

    Raises:
        TypeError: this is no storage.
        RuntimeError: the default one is in use already, and what was saved so far would seem lost.
    """
    if not isinstance(storage, BaseStorage):
        raise TypeError(f"configure takes a storage, such as SQLiteStorage('bot.db'), not {storage!r}")
    if choice.default is not None:
        raise RuntimeError(
            f"store or user was used before configure({storage!r}), so there is data in {choice.default!r} "
            "already; call configure first, at the bot's start"
        )
    choice.configured = storage


def _stop(storage: BaseStorage, opener: int) -> None:
    # What was saved is safe without it; this folds the write-ahead log into the file. A forked child has no
    # thread that could answer, and an event loop that is still open keeps its storage.
    if os.getpid() != opener:
        return
    with suppress(StorageError, RuntimeError):
        asyncio.run(storage.stop())
