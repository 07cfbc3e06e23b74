"""Backups of live objects as files in a folder."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from botkeep._core.batching import LoopBatcher, an_event_loop_runs
from botkeep._core.compat import override
from botkeep._files import atomic
from botkeep._files.dict_file import from_text, to_text
from botkeep._files.errors import unavailable
from botkeep._files.json_text import NotJsonError
from botkeep._files.paths import expanded
from botkeep._files.quarantine import quarantine, quarantine_copy
from botkeep._files.temporary import sweep
from botkeep._files.threads import on_a_thread
from botkeep.objects.backups.base import Backups

if TYPE_CHECKING:
    from datetime import timedelta

    from botkeep.objects.backups.daily_copies import DailyCopies
    from botkeep.objects.backups.registry import Registration

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class FolderBackups(Backups):
    """Keeps each object in ``<key>.json``, which people can read, and edit while the program is off.

    Objects are restored as soon as they are registered.

    .. code-block:: python

        from botkeep.objects import FolderBackups

        class Model:
            needs_backup = False

            def __init__(self):
                self.value = 1.0

            def backup(self):
                return {"value": self.value}

            def restore(self, data):
                self.value = data.get("value", 1.0)

        async with FolderBackups("backups") as backups:
            model = backups.register(Model())
            model.value = 7.5
            model.needs_backup = True

    Args:
        folder: where the files are; "~" is the user's home. It is created when it is needed.
        interval: seconds (or a timedelta) between two checks of which objects need a backup.
        copies: where to put a copy of everything each day; None: nowhere.

    Raises:
        TypeError: the folder is no path, the interval no time, or the copies are no `DailyCopies`.
        ValueError: the folder is empty, or the interval not positive, or not finite.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        interval: float | timedelta = 10.0,
        copies: DailyCopies | None = None,
    ) -> None:
        super().__init__(interval=interval, copies=copies)
        self._folder = expanded(folder, "folder").absolute()
        self._lock = threading.RLock()
        self._writes: LoopBatcher[tuple[Path, bytes]] = LoopBatcher(self._write_off_the_loop, name=repr(self))

    def __repr__(self) -> str:
        return f"FolderBackups({str(self._folder)!r})"

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    @override
    def _restore_where_possible(self, registration: Registration) -> None:
        self._run(self._restore(registration))

    @override
    async def _read(self, key: str) -> dict[str, Any] | None:
        # On the spot, also on an event loop: an object wants its state as soon as it is registered.
        path = self._path(key)
        sweep(path)
        try:
            return from_text(path.read_bytes())
        except FileNotFoundError:
            _logger.debug("Nothing to restore: there is no %s", path)
        except NotJsonError:
            aside = quarantine(path, "corrupt")
            _logger.exception("%s was damaged and is kept as %s; its object starts anew", path, aside.name)
        except OSError as exc:
            raise unavailable(exc, str(path)) from exc
        return None

    @override
    async def _write(self, key: str, state: dict[str, Any]) -> None:
        path, text = self._path(key), to_text(state)
        if an_event_loop_runs():
            await self._writes.submit((path, text))
        else:
            atomic.write(path, text)

    @override
    async def _quarantine(self, key: str, why: str) -> None:
        quarantine_copy(self._path(key), why)

    @override
    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        # Also on the thread of an event loop: reading on the spot, and writing where none runs, never wait.
        with self._lock:
            return _run_without_waiting(work)

    async def _write_off_the_loop(self, batch: Sequence[tuple[Path, bytes]]) -> list[Exception | None]:
        return await on_a_thread(_write_each, batch)


def _write_each(batch: Sequence[tuple[Path, bytes]]) -> list[Exception | None]:
    return [_write_error(path, text) for path, text in batch]


def _write_error(path: Path, text: bytes) -> Exception | None:
    try:
        atomic.write(path, text)
    except Exception as exc:  # noqa: BLE001 # it is this object's alone
        return exc
    return None


def _run_without_waiting(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that waits for nothing, without an event loop.

    Raises:
        RuntimeError: it does wait.
    """
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError(f"{work!r} waits, and no event loop runs it")
