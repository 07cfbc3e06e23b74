"""Files with pickles that hold plain data."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, Final

from botkeep import StorageFormatError
from botkeep_ptb.pickle_machine import ForeignObject, PickleMachine

EXPANSION: Final = 16
"""How many values a file may hold for each of its bytes, counting what it shares as often as it is shared."""


def load(path: Path) -> Any:
    """Return what a pickle holds, with a `ForeignObject` in place of all that is not plain data.

    Raises:
        StorageFormatError: it is no pickle, a damaged one, or one that is made to take more memory or time
            than there is.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    try:
        found = PickleMachine().run(content)
        _check_expansion(found, EXPANSION * len(content))
    except Exception as exc:
        # Damaged bytes may fail in any way: as a wrong opcode, a wrong index, a wrong argument.
        reason = f"is no pickle that can be read: {type(exc).__name__}: {exc}"
        raise StorageFormatError(str(path), reason) from exc
    return found


def foreign_class_in(value: Any) -> str | None:
    """Return the name of a class of which there is an object in a value; None: it is plain data."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, ForeignObject):
            return item.name
        pending.extend(_children(item))
    return None


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, (list, tuple, set, frozenset, deque)) else []


def _check_expansion(value: Any, most: int) -> None:
    pending = [value]
    while pending:
        most -= 1
        if most < 0:
            raise ValueError("its values contain each other, or share too much, to be written one by one")
        pending.extend(_children(pending.pop()))
