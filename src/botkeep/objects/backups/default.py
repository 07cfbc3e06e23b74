"""Objects that one line keeps: `register`, into a folder, for as long as the program runs."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botkeep._core.batching import an_event_loop_runs
from botkeep.objects.backups.folder import FolderBackups

if TYPE_CHECKING:
    from datetime import timedelta

    from botkeep.objects.backups.daily_copies import DailyCopies
    from botkeep.objects.backups.export import Imported
    from botkeep.objects.backups.persistable import Persistable, PersistableObject

FOLDER: Final = "~/.botkeep/objects"
"""Where objects go unless `use_folder` says otherwise."""


class _Program:
    """The backups of this program, and what keeps them going."""

    def __init__(self) -> None:
        self.backups: FolderBackups | None = None
        self._thread = ExitStack()
        self._starting: asyncio.Task[None] | None = None

    def backups_in_use(self) -> FolderBackups:
        if self.backups is None:
            self.backups = FolderBackups(FOLDER)
        return self.backups

    def keep_going(self) -> None:
        """Begin the cycle, unless it is under way: on the event loop that runs, else on a thread."""
        backups = self.backups_in_use()
        if backups.is_running:
            return
        if an_event_loop_runs():
            self._starting = asyncio.get_running_loop().create_task(backups.start())
        else:
            self._thread.enter_context(backups)
        atexit.unregister(self.end)
        atexit.register(self.end)

    def end(self) -> None:
        """Back up everything a last time: an event loop that ran is gone by now."""
        self._thread.close()
        backups = self.backups_in_use()
        backups._run(backups.backup_all())  # noqa: SLF001 # the module runs its own program object


_program = _Program()


def use_folder(
    folder: str | os.PathLike[str], *, interval: float | timedelta = 10.0, copies: DailyCopies | None = None
) -> None:
    """Choose the folder of `register`, before it is first called.

    Args:
        folder: where the files are; "~" is the user's home.
        interval: seconds (or a timedelta) between two checks of which objects need a backup.
        copies: where to put a copy of everything each day; None: nowhere.

    Raises:
        RuntimeError: `register` or `use_folder` was called before.
    """
    if _program.backups is not None:
        raise RuntimeError("use_folder() comes once, and before the first register()")
    _program.backups = FolderBackups(folder, interval=interval, copies=copies)


def register(obj: PersistableObject, key: str | None = None) -> PersistableObject:
    """Keep an object: restore it now, back it up when it asks for it and when the program ends.

    The cycle runs on the event loop if one is running at the first call, else on a thread. A program that has
    an event loop later does better with a `FolderBackups` of its own, which it starts and stops there.

    Args:
        obj: has ``backup()``, ``restore(data)`` and an attribute ``needs_backup``: see `Persistable`.
        key: the name of its file; None: ``module.Class``.

    Raises:
        TypeError: the object lacks a method.
        IdentifierError: the key is taken, or no file name; or the object is registered already.
        StorageUnavailableError: what is stored cannot be read. The object is not registered.
    """
    registered = _program.backups_in_use().register(obj, key)
    _program.keep_going()
    return registered


def unregister(obj: Persistable) -> None:
    """Keep an object no longer; what is stored stays.

    Raises:
        ValueError: it is not registered.
    """
    _program.backups_in_use().unregister(obj)


def export_all(path: str | Path | None = None) -> dict[str, Any]:
    """Return the states of all objects given to `register`, as `Backups.export_all`."""
    return _program.backups_in_use().export_all(path)


def import_all(source: str | Path | Mapping[str, Any]) -> Imported:
    """Restore objects given to `register` from such a dict or file, as `Backups.import_all`."""
    return _program.backups_in_use().import_all(source)
