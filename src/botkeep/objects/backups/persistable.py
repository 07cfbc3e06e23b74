"""What an object needs so that `Backups` can keep it: three names, no base class."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar


class Persistable(Protocol):
    """An object that can put its state into a dict and take it back.

    Attributes:
        needs_backup: set it to True when something has changed: the next cycle backs the object up. It is
            False again before `backup` is called, so that a change in the meantime is not forgotten.
    """

    needs_backup: bool

    def backup(self) -> dict[str, Any]:
        """Return the state: whatever `botkeep.documents` takes, under names of your choice."""
        ...

    def restore(self, data: dict[str, Any]) -> None:
        """Take over a state that `backup` returned, perhaps in an older version of the program."""


PersistableObject = TypeVar("PersistableObject", bound=Persistable)
