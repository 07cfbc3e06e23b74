"""What a view remembers: one document per state key, apart from the row that says where the view is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botkeep import OutcomeUnknownError
from botkeep_discord.interactions.deadline_storage import in_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from botkeep import BaseStorage
    from botkeep_discord.views.grouped_updates import GroupedUpdates


class ViewState:
    """The state of one view, as `PersistentView.state` gives it.

    It belongs to the state key: the view that is sent next under the same key goes on with it.

    Args:
        documents: where the states of views are stored.
        updates: of these documents.
        key: the state key.

    Every method may raise what the verbs of `botkeep.BaseStorage` raise.
    """

    def __init__(self, documents: BaseStorage, updates: GroupedUpdates, key: str) -> None:
        self._documents = documents
        self._updates = updates
        self._key = key

    async def load(self) -> Any:
        """Return the state; an empty dict if nothing was saved. A new object at each call."""
        return await self._documents.get_state(self._key, {})

    async def save(self, state: Any) -> None:
        """Store a state in place of the old one; any document, most often a dict."""
        await self._documents.set_state(self._key, state)

    async def update(self, change: Callable[[Any], Any]) -> Any:
        """Read, change and write the state as one step, and return the new one.

        Of many clicks at the same moment none is lost, and they share their trips to the storage.

        Args:
            change: takes the state, an empty dict if nothing was saved, and returns the new one.

        Raises:
            TypeError: ``change`` returned None.
        """
        return await in_time(
            self._updates.submit(self._key, change), OutcomeUnknownError, repr(self._documents)
        )

    async def increment(self, field: str, amount: int = 1) -> int:
        """Add to a number in the state, as one step, and return the new total; an absent one counts as 0.

        Raises:
            TypeError: the state is no dict, or what it holds there is no integer; nothing was changed.
        """

        def add(state: Any) -> Any:
            before = state.get(field, 0) if isinstance(state, dict) else None
            if isinstance(before, bool) or not isinstance(before, int):
                raise TypeError(f"the state of {self._key!r} has no integer {field!r} to add to: {state!r}")
            return {**state, field: before + amount}

        state = await self.update(add)
        total: int = state[field]
        return total

    async def delete(self) -> bool:
        """Forget the state; True if there was one."""
        return await self._documents.delete_state(self._key)
