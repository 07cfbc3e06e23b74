"""The identifiers of a namespace in order, so that a literal prefix costs only what it matches."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from botkeep.patterns import after

if TYPE_CHECKING:
    from collections.abc import Collection

_FEW = 64
"""Up to here, inserting new keys one by one is cheaper than sorting again."""


class KeyIndex:
    """A sorted list, brought up to date only when somebody looks.

    A key that was removed may still be listed, one that came back may be listed twice: the reader filters.
    """

    def __init__(self) -> None:
        self._sorted: list[str] = []
        self._added: list[str] = []

    def add(self, identifier: str, live: Collection[str]) -> None:
        """Note an identifier that was not among the live ones before."""
        self._added.append(identifier)
        self._forget_removed(live)

    def starting_with(self, prefix: str, live: Collection[str]) -> list[str]:
        """Return a superset of the live identifiers that start with the prefix, in order."""
        self._forget_removed(live)
        self._sort_added()
        end = after(prefix)
        start = bisect_left(self._sorted, prefix)
        return self._sorted[start : None if end is None else bisect_left(self._sorted, end)]

    def _forget_removed(self, live: Collection[str]) -> None:
        """Start anew when half of the list is keys of the past: they must not pile up when nobody looks."""
        if len(self._sorted) + len(self._added) > 2 * len(live) + _FEW:
            self._sorted, self._added = [], list(live)

    def _sort_added(self) -> None:
        if len(self._added) > _FEW:
            self._sorted.extend(self._added)
            self._sorted.sort()
        else:
            for identifier in self._added:
                insort(self._sorted, identifier)
        self._added.clear()
