"""Who is registered under which key: each object once, each key once."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from botkeep._files.names import check_name
from botkeep.errors import IdentifierError
from botkeep.objects.backups.persistable import Persistable


class Registration:
    """An object under its key.

    Attributes:
        is_restored: what was stored before has been taken over, or there was nothing. Before that, backing
            the object up would replace a good state by the defaults of a new object.
    """

    def __init__(self, key: str, obj: Persistable) -> None:
        self.key = key
        self.obj = obj
        self.is_restored = False


class Registry:
    """Holds the objects: one that nobody else refers to is backed up all the same."""

    def __init__(self) -> None:
        self._registrations: dict[str, Registration] = {}

    def __iter__(self) -> Iterator[Registration]:
        """All that are registered now; others may come and go meanwhile."""
        return iter(list(self._registrations.values()))

    def add(self, obj: Persistable, key: str | None) -> Registration:
        """Register an object.

        Raises:
            TypeError: it has no ``backup`` or no ``restore``, or one that is to be awaited; or it is a class.
            IdentifierError: the key is taken, or no file name; or the object is registered already.
        """
        _check_object(obj)
        key = default_key(obj) if key is None else key
        check_name(key)
        for other in self:
            if other.obj is obj:
                raise IdentifierError(key, f"its object is registered already, as {other.key!r}")
        # On some systems a file name is the same in capitals.
        if key.casefold() in self._registrations:
            raise IdentifierError(key, "is taken by another object; register this one with a key= of its own")
        registration = self._registrations[key.casefold()] = Registration(key, obj)
        return registration

    def remove(self, obj: object) -> None:
        """Forget an object.

        Raises:
            ValueError: it is not registered.
        """
        for registration in self:
            if registration.obj is obj:
                del self._registrations[registration.key.casefold()]
                return
        raise ValueError(f"{obj!r} is not registered")

    def find(self, key: str) -> Registration | None:
        """Return who is registered under the key."""
        return self._registrations.get(key.casefold())


def default_key(obj: object) -> str:
    """Return ``module.Class``; for a class of the script itself, ``script.Class``."""
    kind = type(obj)
    module = kind.__module__
    if module == "__main__":
        module = Path(getattr(sys.modules[module], "__file__", None) or module).stem
    return f"{module}.{kind.__qualname__}".replace("<locals>.", "")


def _check_object(obj: object) -> None:
    if isinstance(obj, type):
        raise TypeError(f"{obj!r} is a class: register an object of it")
    for name in ("backup", "restore"):
        method = getattr(obj, name, None)
        if not callable(method):
            raise TypeError(f"{obj!r} has no method {name}()")
        if inspect.iscoroutinefunction(method):
            raise TypeError(f"{obj!r} has an async {name}(), which nobody awaits: make it a plain method")
