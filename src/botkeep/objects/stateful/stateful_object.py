"""Objects that keep their attributes in a JSON file: `StatefulObject`."""

from __future__ import annotations

import copy
import inspect
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, NamedTuple

from botkeep._core.batching import LoopBatcher
from botkeep._files.dict_file import from_text, to_text
from botkeep._files.paths import expanded
from botkeep._files.threads import on_a_thread
from botkeep.errors import DocumentError, OutcomeUnknownError
from botkeep.objects.stateful.state_file import Snapshot, StateFile

_OURS: Final = "_StatefulObject__"

_logger = logging.getLogger(__name__)

# Where `save` wants snapshots to go instead of to the disk: it writes them without blocking.
_snapshots: ContextVar[list[Snapshot] | None] = ContextVar("_snapshots", default=None)


class StatefulObject:
    """A base for objects that persist: they load their state when made; `_save_state` and `save` write it.

    .. code-block:: python

        from botkeep.objects import StatefulObject

        class Counter(StatefulObject):
            def __init__(self, state_file="~/.counter/state.json"):
                super().__init__(state_file=state_file)
                self.count = getattr(self, "count", 0)

            def increment(self):
                self.count += 1
                self._save_state()

    The state is all public attributes (`_get_state`), as JSON; values may be what `botkeep.documents` takes.
    A save is whole or not at all, also if the process is killed, and a later state never gives way to an
    earlier one, whichever threads save. A damaged file is set aside as ``<name>.corrupt-<time>`` with a
    `UserWarning`, and the object starts with its defaults. ``__init__`` may be called again; after
    `_clear_state` it gives the defaults.

    Of two processes with one file the last to save wins, unless they change the object in `_locked_state`.

    A class that has a ``VERSION`` (an int) and finds a greater ``"version"`` in its file has met a newer
    program's state: the file is copied to ``<name>.version-<n>-<time>`` before it is overwritten.

    Args:
        state_file: the file; "~" is the user's home. Missing folders are created.

    Raises:
        ValueError: the path is empty, or goes up with "..", as a name from outside could make it.
        StorageUnavailableError: the file is there, but cannot be read.
    """

    # Two underscores: a subclass has all other names for itself.
    __file: StateFile | None = None
    __saves: LoopBatcher[None] | None = None
    __initial_attributes: frozenset[str] | None = None

    def __init__(self, state_file: str | os.PathLike[str]) -> None:
        self.__reset_attributes()
        self._state_file = _absolute_path(state_file)
        # The same object after a second __init__: it knows which snapshots are still on their way.
        if self.__file is None or self.__file.path != self._state_file:
            self.__file = StateFile(self._state_file, _logger)
        self.__file.prepare()
        self.__load()

    async def save(self) -> None:
        """Save without blocking the event loop; calls made at the same time share one write.

        `_save_state` runs on the event loop's thread and sees a whole state; only its writing is on another.

        Raises:
            DocumentError: as `_save_state`.
            StorageUnavailableError: as `_save_state`.
            RuntimeError: a block of `_locked_state` is open on this thread; waiting in it would never end.
        """
        if self.__open_file().is_held_by_this_thread():
            raise RuntimeError("a _locked_state block is open here: it saves at its end; do not await in it")
        if self.__saves is None:
            self.__saves = LoopBatcher(self.__save_for_all, name=str(self._state_file))
        await self.__saves.submit(None)

    def _save_state(self) -> None:
        """Write the state to the file, durably; return when it is on the disk.

        Raises:
            DocumentError: a value cannot be stored; it names the path to it. The file is as it was.
            StorageUnavailableError: the file could not be written, and is as it was.
        """
        snapshot = self.__open_file().snapshot(self._get_state)
        collected = _snapshots.get()
        if collected is None:
            self.__open_file().write(snapshot)
        else:
            collected.append(snapshot)

    def _get_state(self) -> dict[str, Any]:
        """Return what is to be saved: here all public attributes. Override it to choose or to convert."""
        return _public_attributes(self)

    def _set_state(self, state: dict[str, Any]) -> None:
        """Take over a state from the file: here as attributes. Override it to check, convert or migrate.

        Names that begin with "_" and names of methods and properties are left out: a file is not code.
        """
        for name, value in state.items():
            if name.startswith("_") or _is_code(type(self), name):
                _logger.warning("%s: %r cannot be set from a file; it is left out", self._state_file, name)
            else:
                setattr(self, name, value)

    def _clear_state(self) -> None:
        """Remove the file, if there is one. The object stays as it is; ``__init__()`` gives it its defaults.

        Raises:
            StorageUnavailableError: the file could not be removed.
        """
        self.__open_file().clear()

    @contextmanager
    def _locked_state(self, timeout: float = 10.0) -> Iterator[None]:
        """Change the object in a ``with`` block that no other process or thread has at the same time.

        The state is read again before the block and saved after it. If the block or the saving raises,
        nothing is saved, and the object is as it was before. Blocks may be nested; the outermost reads and
        saves.

        Args:
            timeout: seconds to wait for others. It blocks: from async code, go through `asyncio.to_thread`.

        Raises:
            StorageUnavailableError: somebody else had the lock all that time.
        """
        with self.__open_file().locked(timeout) as outermost:
            if not outermost:
                yield
                return
            self.__load()
            before = self.__remembered()
            try:
                yield
                self._save_state()
            except OutcomeUnknownError:
                raise  # the file holds the new state
            except BaseException:
                self.__go_back(before)
                raise

    def __remembered(self) -> _Before:
        """Return what `__go_back` needs to undo what a block does."""
        attributes = {name: _copied(value) for name, value in _public_attributes(self).items()}
        if type(self)._get_state is StatefulObject._get_state:  # noqa: SLF001 # of this class
            return _Before(attributes, None)
        with suppress(DocumentError):
            return _Before(attributes, to_text(self._get_state()))
        return _Before(attributes, None)

    def __go_back(self, before: _Before) -> None:
        for name in set(_public_attributes(self)) - set(before.attributes):
            delattr(self, name)
        for name, value in before.attributes.items():
            setattr(self, name, value)
        if not self.__load() and before.state is not None:
            self._set_state(from_text(before.state))

    def __load(self) -> bool:
        """Take over the state in the file; return whether there is one."""
        state = self.__open_file().read()
        if state is None:
            return False
        version, known = state.get("version"), getattr(type(self), "VERSION", None)
        if type(version) is int and type(known) is int and version > known:
            _logger.warning("%s is of version %d, this program knows %d", self._state_file, version, known)
            self.__open_file().keep_newer_version(version)
        _refuse_awaitable(self._set_state(state))  # type: ignore[func-returns-value] # a subclass's might be async
        return True

    async def __save_for_all(self, callers: Sequence[None]) -> list[None]:
        snapshots: list[Snapshot] = []
        token = _snapshots.set(snapshots)
        try:
            self._save_state()
        finally:
            _snapshots.reset(token)
        for snapshot in snapshots:
            await on_a_thread(self.__open_file().write, snapshot)
        return [None for _ in callers]

    def __reset_attributes(self) -> None:
        """Remove what an earlier ``__init__`` set, so that ``getattr(self, "count", 0)`` gives 0 again.

        What a subclass sets before it calls us is not ours to forget: it has just been set again.
        """
        names = {*vars(self), *_slots(self)}
        if self.__initial_attributes is None:
            self.__initial_attributes = frozenset(names)
        for name in names - self.__initial_attributes:
            if not name.startswith(_OURS):
                delattr(self, name)

    def __open_file(self) -> StateFile:
        assert self.__file is not None, "super().__init__(state_file=...) comes before the first save"
        return self.__file


class _Before(NamedTuple):
    """An object as it was: its public attributes, and its state where it chooses that itself."""

    attributes: dict[str, Any]
    state: bytes | None


def _public_attributes(obj: object) -> dict[str, Any]:
    attributes = {**vars(obj), **{name: getattr(obj, name) for name in _slots(obj)}}
    return {name: value for name, value in attributes.items() if not name.startswith("_")}


def _slots(obj: object) -> Iterator[str]:
    """Yield the names of the ``__slots__`` that hold something."""
    for cls in type(obj).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(obj, name):
                yield name


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 # a lock or a connection, which is no state
        return value


def _refuse_awaitable(result: object) -> None:
    """Raise if a hook is a coroutine function: the state would be lost by the next save."""
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(f"{result.__qualname__}() is async, and nobody awaits it: make it a plain method")


def _absolute_path(state_file: str | os.PathLike[str]) -> Path:
    path = expanded(state_file, "state_file")
    if ".." in path.parts:
        raise ValueError(
            f"state_file {os.fspath(state_file)!r} goes up with '..': resolve() a path of your own before, "
            "and make one from a name with profile_path()"
        )
    return path.absolute()


def _is_code(kind: type, name: str) -> bool:
    found = inspect.getattr_static(kind, name, None)
    return callable(found) or (hasattr(found, "__get__") and not inspect.ismemberdescriptor(found))
