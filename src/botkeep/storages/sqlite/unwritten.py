"""Which documents have changes on their way: a read of one of these has to queue up behind them.

Else it would overtake a call of its own program: the one before it in ``gather``, or one that was cancelled
after it was sent, and happens all the same.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Key: TypeAlias = "tuple[str, str]"
"""Namespace and identifier."""

ALL: Final[Key] = ("", "")
"""Stands for every document: no identifier is empty."""


class Unwritten:
    """The keys that queued and sent statements may change."""

    def __init__(self) -> None:
        self._queued: set[Key] = set()
        self._sent: set[Key] = set()

    def add(self, key: Key) -> None:
        """Note a statement that was queued."""
        self._queued.add(key)

    def send(self, *, all_of_it: bool) -> None:
        """Note that a batch was sent: all that was queued, or a part."""
        if all_of_it:
            self._sent, self._queued = self._queued, set()
        else:
            self._sent = self._queued.copy()

    def complete(self) -> None:
        """Note that the batch was done; there is one at a time."""
        self._sent = set()

    def __bool__(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._queued or self._sent)

    def __contains__(self, key: Key) -> bool:
        """Whether a statement that is on its way may change this document."""
        queued, sent = self._queued, self._sent
        return key in queued or key in sent or ALL in queued or ALL in sent
