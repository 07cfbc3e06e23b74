"""What became of the stored views at a start."""

from __future__ import annotations

import asyncio


class RestoreSummary(dict[str, list[str]]):
    """State keys by what became of them; each stored view that has not stopped is in one list.

    The keys are ``restored``: alive again; ``skipped``: no class that is loaded can make it; ``failed``: its
    row, its constructor or its items are faulty; ``removed``: its message or channel is gone, and so is the
    row. Whatever is not removed is kept in the storage.

    Attributes:
        unreachable: alive again, but the message could not be checked: no permission, a failure of Discord,
            a time-out, a channel without messages.
        checking: with ``verify="background"``, what checks the messages and moves keys from list to list.
    """

    def __init__(self) -> None:
        super().__init__(restored=[], skipped=[], failed=[], removed=[])
        self.unreachable: list[str] = []
        self.checking: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        counts = [f"{len(keys)} {name}" for name, keys in self.items()]
        return ", ".join([*counts, f"{len(self.unreachable)} unreachable"])

    async def checked(self) -> RestoreSummary:
        """Return the summary once all messages are checked: at once, but for ``verify="background"``."""
        if self.checking is not None:
            await asyncio.wait([self.checking])
        return self

    def move_from_restored(self, key: str, to: list[str]) -> None:
        """Put a key that was restored into another list."""
        if key in self["restored"]:
            self["restored"].remove(key)
        to.append(key)

    def sort(self) -> None:
        """Put the keys of each list in order: they came as Discord answered."""
        for keys in [*self.values(), self.unreachable]:
            keys.sort()
