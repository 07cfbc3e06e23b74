"""Backs up live objects in a cycle, and all of them at the end: what folder and storage have in common."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from botkeep._core.batching import an_event_loop_runs
from botkeep.objects.backups.daily_copies import DailyCopies
from botkeep.objects.backups.export import Imported, export_skipping_errors, export_states, import_states
from botkeep.objects.backups.registry import Registration, Registry
from botkeep.objects.backups.scheduler import TaskCycle, ThreadCycle
from botkeep.ttl import positive_seconds

if TYPE_CHECKING:
    from datetime import timedelta
    from types import TracebackType

    from typing_extensions import Self

    from botkeep.objects.backups.persistable import Persistable, PersistableObject

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class Backups(ABC):
    """The objects and their cycle. Use it as `FolderBackups` or `StorageBackups`, in one of two ways.

    In ``async with`` (or between `start` and `stop`) the cycle is a task: an object's ``backup`` is called on
    the event loop's thread, where no other task runs meanwhile. In plain ``with``, for programs without an
    event loop, it is a thread, and ``backup`` is called while the program goes on.

    The end of the block backs up every object, whether it asked for it or not. So does the end of
    `asyncio.run` where `stop` was forgotten. What goes wrong with one object is logged, and stops no other.

    Args:
        interval: seconds (or a timedelta) between two checks of which objects need a backup.
        copies: where to put a copy of everything each day; None: nowhere.

    Raises:
        TypeError: the interval is no time, or the copies are no `DailyCopies`.
        ValueError: the interval is not positive, or not finite.
    """

    def __init__(self, *, interval: float | timedelta = 10.0, copies: DailyCopies | None = None) -> None:
        self._registry = Registry()
        self._interval = positive_seconds(interval, "interval")
        self._copies = _checked(copies)
        self._task: TaskCycle | None = None
        self._thread: ThreadCycle | None = None

    def register(self, obj: PersistableObject, key: str | None = None) -> PersistableObject:
        """Keep an object from now on, restoring what an earlier run stored; return the object.

        A folder restores it at once. A storage does so at `start`; once that has been called, it takes `add`.

        If its ``restore`` raises, that is logged and the stored state kept aside, as
        ``<key>.unrestored-<time>``; a damaged one as ``<key>.corrupt-<time>``.

        Args:
            obj: has ``backup()``, ``restore(data)`` and an attribute ``needs_backup``: see `Persistable`.
            key: what to store it under; None: ``module.Class``.

        Raises:
            TypeError: the object lacks a method.
            IdentifierError: the key is taken, or no file name; or the object is registered already.
            StorageUnavailableError: what is stored cannot be read. The object is not registered.
            RuntimeError: it takes `add`. The object is not registered.
        """
        registration = self._registry.add(obj, key)
        try:
            self._restore_where_possible(registration)
        except BaseException:
            self._registry.remove(obj)
            raise
        return obj

    async def add(self, obj: PersistableObject, key: str | None = None) -> PersistableObject:
        """Register an object at any time, also after `start`; return it when it is restored.

        Raises:
            TypeError: as `register`.
            IdentifierError: as `register`.
            StorageUnavailableError: as `register`.
        """
        registration = self._registry.add(obj, key)
        try:
            await self._restore(registration)
        except BaseException:
            self._registry.remove(obj)
            raise
        return obj

    def unregister(self, obj: Persistable) -> None:
        """Keep the object no longer; what is stored stays.

        Raises:
            ValueError: it is not registered.
        """
        self._registry.remove(obj)

    async def backup(self) -> None:
        """Back up, now, the objects whose ``needs_backup`` is set."""
        await self._back_up(each for each in self._registry if _needs_backup(each))

    async def backup_all(self) -> None:
        """Back up all objects, now."""
        await self._back_up(self._registry)

    def export_all(self, path: str | Path | None = None) -> dict[str, Any]:
        """Return the states of all objects by key, and write them to a file that `import_all` reads.

        Args:
            path: the file; "~" is the user's home. None: no file.

        Raises:
            DocumentError: a state holds what cannot be stored.
            StorageUnavailableError: the file could not be written.
            Exception: whatever an object's ``backup`` raises. No file is written then.
        """
        return export_states(self._registry, path)

    def import_all(self, source: str | Path | Mapping[str, Any]) -> Imported:
        """Restore objects from what `export_all` returned or wrote; they are backed up in the next cycle.

        What one object's ``restore`` raises is logged and stops no other.

        Raises:
            StorageUnavailableError: the file cannot be read.
            StorageFormatError: the file is damaged, or something else.
        """
        return import_states(self._registry, source)

    # The cycle.

    @property
    def is_running(self) -> bool:
        """Whether the cycle is under way."""
        return self._thread is not None or (self._task is not None and self._task.is_running())

    async def start(self) -> None:
        """Restore what waits for it, and begin the cycle on this event loop; starting twice is fine.

        Raises:
            StorageUnavailableError: what is stored cannot be read.
        """
        if not self.is_running:
            await self._restore_pending()
        # Somebody else may have started it meanwhile.
        if not self.is_running:
            self._task = TaskCycle(self._cycle, self.backup_all, self._interval)

    async def stop(self) -> None:
        """End the cycle and back up all objects; stopping twice is fine."""
        task, self._task = self._task, None
        if task is not None:
            await task.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        if an_event_loop_runs():
            raise RuntimeError("an event loop is running here: use `async with`, or start() and stop()")
        try:
            self._begin()
            self._run(self._restore_pending())
        except BaseException:
            self._end()
            raise
        self._thread = ThreadCycle(lambda: self._run(self._cycle()), self._interval)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
            try:
                self._run(self.backup_all())
            finally:
                self._end()

    async def _cycle(self) -> None:
        await self.backup()
        if self._copies is not None and self._copies.is_due():
            await self._copies.make(export_skipping_errors(self._registry))

    async def _restore_pending(self) -> None:
        for registration in self._registry:
            if not registration.is_restored:
                await self._restore(registration)

    async def _restore(self, registration: Registration) -> None:
        key = registration.key
        data = await self._read(key)
        if data is not None:
            try:
                registration.obj.restore(data)
            except Exception:
                _logger.exception("%r could not be restored; what was stored is kept aside", key)
                await self._quarantine(key, "unrestored")
        registration.is_restored = True

    async def _back_up(self, registrations: Iterable[Registration]) -> None:
        for registration in registrations:
            if registration.is_restored:
                await self._back_up_one(registration)

    async def _back_up_one(self, registration: Registration) -> None:
        obj = registration.obj
        try:
            # First the flag: what changes from here on asks for a backup of its own.
            obj.needs_backup = False
            await self._write(registration.key, obj.backup())
        except BaseException as exc:
            with suppress(Exception):  # an object that refuses the flag has raised that error before
                obj.needs_backup = True
            if not isinstance(exc, Exception):
                raise
            _logger.exception("%r could not be backed up", registration.key)

    # What a place for backups implements.

    @abstractmethod
    def _restore_where_possible(self, registration: Registration) -> None:
        """Restore the object now, or leave it to `start`."""

    @abstractmethod
    async def _read(self, key: str) -> dict[str, Any] | None:
        """Return what is stored; None when there is nothing, or it went into quarantine, damaged."""

    @abstractmethod
    async def _write(self, key: str, state: dict[str, Any]) -> None:
        """Store the state as it is at this moment, before anything else runs on the event loop."""

    @abstractmethod
    async def _quarantine(self, key: str, why: str) -> None:
        """Copy what is stored to ``<key>.<why>-<time>``."""

    def _begin(self) -> None:
        """Prepare for `_run`, at the start of a plain ``with`` block."""

    def _end(self) -> None:
        """Release what `_begin` got, at the end of a plain ``with`` block."""

    @abstractmethod
    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine where there is no event loop, one at a time; return its result."""


def _checked(copies: DailyCopies | None) -> DailyCopies | None:
    if copies is not None and not isinstance(copies, DailyCopies):
        raise TypeError(f"copies must be a DailyCopies, not {copies!r}")
    return copies


def _needs_backup(registration: Registration) -> bool:
    try:
        return bool(getattr(registration.obj, "needs_backup", False))
    except Exception:
        _logger.exception("%r does not tell whether it needs a backup, and is backed up", registration.key)
        return True
