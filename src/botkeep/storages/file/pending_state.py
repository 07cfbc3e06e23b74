"""What a batch of calls makes of the documents: pending, until it is on the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from botkeep.hooks import Operation, Stored

if TYPE_CHECKING:
    from botkeep.storages.file.format import Documents, NamespaceDocuments

Result = TypeVar("Result")

Change: TypeAlias = "Callable[[PendingState], Result]"
"""One call's work on a pending state; returns the call's result."""


def live(documents: Documents, namespace: str, identifier: str, now: float) -> Stored | None:
    """Return a document that has not expired; None when absent."""
    entry = documents.get(namespace, {}).get(identifier)
    return entry if entry is not None and entry.expires_at > now else None


class PendingState:
    """Documents that nobody changes, and the changes to them.

    Args:
        documents: as they are on the disk.
        now: seconds since the epoch.
    """

    def __init__(self, documents: Documents, now: float) -> None:
        self.now = now
        self._documents = documents
        self.changes: dict[str, dict[str, Stored | None]] = {}

    def live(self, namespace: str, identifier: str) -> Stored | None:
        """Return the entry as the batch has it so far; None when absent."""
        changed = self.changes.get(namespace, {})
        if identifier not in changed:
            return live(self._documents, namespace, identifier, self.now)
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
        return list({**self._documents.get(namespace, {}), **self.changes.get(namespace, {})})

    def result(self) -> Documents:
        """Return new documents, in order: the old ones with the changes, without what has expired."""
        result = {namespace: self._namespace(namespace) for namespace in {**self._documents, **self.changes}}
        return {namespace: documents for namespace, documents in result.items() if documents}

    def _namespace(self, namespace: str) -> NamespaceDocuments:
        old, changed = self._documents.get(namespace, {}), self.changes.get(namespace)
        if changed is None and all(entry.expires_at > self.now for entry in old.values()):
            return old
        documents = {**old, **(changed or {})}
        return {
            name: entry
            for name in sorted(documents)
            if (entry := documents[name]) is not None and entry.expires_at > self.now
        }


def clear(namespace: str) -> Change[int]:
    """Remove all values of a namespace; count the live ones."""

    def change(state: PendingState) -> int:
        live = [name for name in state.names(namespace) if state.live(namespace, name) is not None]
        for name in live:
            state.put(namespace, name, None)
        return len(live)

    return change
