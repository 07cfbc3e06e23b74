"""What a batch of calls makes of the documents: a draft, which counts once it is on the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from botkeep.hooks import Operation, Stored
from botkeep.storages.file.layout import Shelves

Result = TypeVar("Result")

Change: TypeAlias = "Callable[[Draft], Any]"
"""One call's work on a draft; returns the call's result."""


def live(shelves: Shelves, namespace: str, identifier: str, now: float) -> Stored | None:
    """Return a document that has not expired; None when absent."""
    entry = shelves.get(namespace, {}).get(identifier)
    return entry if entry is not None and entry.expires_at > now else None


class Draft:
    """Shelves that nobody changes, and the changes to them.

    Args:
        shelves: the documents as they are on the disk.
        now: seconds since the epoch.
    """

    def __init__(self, shelves: Shelves, now: float) -> None:
        self.now = now
        self._shelves = shelves
        self.changes: dict[str, dict[str, Stored | None]] = {}

    def live(self, namespace: str, identifier: str) -> Stored | None:
        """Return the entry as the batch has it so far; None when absent."""
        changed = self.changes.get(namespace, {})
        if identifier not in changed:
            return live(self._shelves, namespace, identifier, self.now)
        entry = changed[identifier]
        return entry if entry is not None and entry.expires_at > self.now else None

    def put(self, namespace: str, identifier: str, entry: Stored | None) -> None:
        """Store an entry; None removes the one that is there."""
        self.changes.setdefault(namespace, {})[identifier] = entry

    def apply(self, namespace: str, identifier: str, operation: Operation[Result]) -> Result:
        """Apply an operation to one document; return its result."""
        old = self.live(namespace, identifier)
        entry, result = operation(old, self.now)
        if entry is not old:
            self.put(namespace, identifier, entry)
        return result

    def names(self, namespace: str) -> list[str]:
        """Return all identifiers of a namespace, live or not."""
        return list({**self._shelves.get(namespace, {}), **self.changes.get(namespace, {})})

    def result(self) -> Shelves:
        """Return new shelves, in order: the old ones with the changes, without what has expired."""
        result = {namespace: self._shelf(namespace) for namespace in {**self._shelves, **self.changes}}
        return {namespace: shelf for namespace, shelf in result.items() if shelf}

    def _shelf(self, namespace: str) -> Mapping[str, Stored]:
        old, changed = self._shelves.get(namespace, {}), self.changes.get(namespace)
        if changed is None and all(entry.expires_at > self.now for entry in old.values()):
            return old
        shelf = {**old, **(changed or {})}
        return {
            name: entry
            for name in sorted(shelf)
            if (entry := shelf[name]) is not None and entry.expires_at > self.now
        }


def clear(namespace: str) -> Change:
    """Remove all values of a namespace; count the live ones."""

    def change(draft: Draft) -> int:
        live = [name for name in draft.names(namespace) if draft.live(namespace, name) is not None]
        for name in live:
            draft.put(namespace, name, None)
        return len(live)

    return change
