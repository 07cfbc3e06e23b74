"""The data of a dialogue inside ``with state.data()``, and what becomes of changes to it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

from botkeep import BotkeepError, documents

_MUTATORS: Final = (
    "__delitem__",
    "__ior__",
    "__setitem__",
    "clear",
    "pop",
    "popitem",
    "setdefault",
    "update",
)


class DataBlockEndedError(BotkeepError, RuntimeError):
    """The data of a dialogue was changed after its ``with`` block: nothing would have written the change.

    Attributes:
        identifier: the key of the dialogue.
    """

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier

    def __str__(self) -> str:
        return (
            f"the `with` block on the data of {self.identifier!r} has ended, and only what is changed inside "
            "it is written; open a block again, or change dict(data), which is a copy"
        )


class DialogueData(dict[str, Any]):
    """What ``with state.data() as data`` gives: a dict that is read-only after the block.

    A list or dict inside of it cannot refuse a later change; that is noticed as the data is let go of, with a
    `RuntimeWarning`. A copy (``dict(data)``, `copy.deepcopy`) is a plain dict, free of all this.
    """

    def __init__(self, data: dict[str, Any], identifier: str) -> None:
        super().__init__(data)
        self._identifier = identifier
        self._written: bytes | None = None

    def end(self) -> None:
        """Refuse changes from now on."""
        self._written = _encoded(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def __del__(self) -> None:
        if self._written is not None and _encoded(self) != self._written:
            warnings.warn(
                f"changes to the data of {self._identifier!r} after its `with` block were not written",
                RuntimeWarning,
                stacklevel=2,
            )


def _encoded(data: dict[str, Any]) -> bytes:
    try:
        return documents.encode(dict(data))
    except BotkeepError:
        return b"it cannot be written"


def _guarded(name: str) -> Callable[..., Any]:
    change = getattr(dict, name)

    def method(self: DialogueData, *arguments: Any, **named: Any) -> Any:
        if self._written is not None:
            raise DataBlockEndedError(self._identifier)
        return change(self, *arguments, **named)

    method.__name__ = name
    return method


for _name in _MUTATORS:
    setattr(DialogueData, _name, _guarded(_name))


def merged(now: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the data with what a block did to its copy, and with what others did meanwhile.

    Raises:
        DocumentError: a field cannot be stored; the error names it.
    """
    kept = {name: value for name, value in now.items() if name in after or name not in before}
    return {**kept, **{name: value for name, value in after.items() if _changed(name, before, value)}}


def _changed(name: str, before: dict[str, Any], value: Any) -> bool:
    # As they are stored, for in Python True equals 1.
    return name not in before or documents.encode({name: before[name]}) != documents.encode({name: value})
