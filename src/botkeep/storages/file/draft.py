"""What a batch of calls makes of the documents: a draft, which counts once it is on the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from botkeep._core import counters
from botkeep.hooks import Stored, Swap
from botkeep.ratelimit.decisions import Decision, Limits, decide
from botkeep.storages.file.layout import Shelves
from botkeep.ttl import Expiry

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


def put(namespace: str, identifier: str, value: bytes, expiry: Expiry) -> Change:
    """Store a value; with ``expiry.keep`` a live one's expiry stays."""

    def change(draft: Draft) -> None:
        _store(draft, namespace, identifier, value, expiry)

    return change


def touch(namespace: str, identifier: str, expires_at: float) -> Change:
    """Change the expiry of a live value; False when absent."""

    def change(draft: Draft) -> bool:
        entry = draft.live(namespace, identifier)
        if entry is not None:
            draft.put(namespace, identifier, Stored(entry.value, expires_at))
        return entry is not None

    return change


def delete(namespace: str, identifier: str) -> Change:
    """Remove a live value; False when absent."""

    def change(draft: Draft) -> bool:
        found = draft.live(namespace, identifier) is not None
        if found:
            draft.put(namespace, identifier, None)
        return found

    return change


def compare_and_set(
    namespace: str, identifier: str, value: bytes, expected: bytes | None, expiry: Expiry
) -> Change:
    """Store a value if the live bytes are the expected ones (None: absent)."""

    def change(draft: Draft) -> Swap:
        entry = draft.live(namespace, identifier)
        found = None if entry is None else entry.value
        if found != expected:
            return Swap(done=False, found=found)
        _store(draft, namespace, identifier, value, expiry)
        return Swap(done=True, found=None)

    return change


def increment(namespace: str, identifier: str, amount: int, expiry: Expiry) -> Change:
    """Add to a counter; return the total."""

    def change(draft: Draft) -> int:
        entry = draft.live(namespace, identifier)
        total = counters.total(None if entry is None else entry.value, amount, identifier)
        _store(draft, namespace, identifier, b"%d" % total, expiry)
        return total

    return change


def hit(namespace: str, identifier: str, limits: Limits, cost: int) -> Change:
    """Count a hit on a rate limit, if it is allowed."""

    def change(draft: Draft) -> Decision:
        entry = draft.live(namespace, identifier)
        decision = decide(None if entry is None else entry.value, limits, cost, draft.now, identifier)
        if decision.allowed:
            draft.put(namespace, identifier, Stored(decision.value, decision.expires_at))
        return decision

    return change


def clear(namespace: str) -> Change:
    """Remove all values of a namespace; count the live ones."""

    def change(draft: Draft) -> int:
        live = [name for name in draft.names(namespace) if draft.live(namespace, name) is not None]
        for name in live:
            draft.put(namespace, name, None)
        return len(live)

    return change


def _store(draft: Draft, namespace: str, identifier: str, value: bytes, expiry: Expiry) -> None:
    old = draft.live(namespace, identifier) if expiry.keep else None
    draft.put(namespace, identifier, Stored(value, expiry.at if old is None else old.expires_at))
