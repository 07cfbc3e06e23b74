"""`StorageBackend`: what an object of the user's own needs, to be where a bot keeps its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from botkeep_discord.backends.whole_state import State


@runtime_checkable
class StorageBackend(Protocol):
    """What an object of your own needs, to be the ``backend`` of `setup_persistence`.

    The whole state is loaded once and saved at each change: fit for small bots.
    """

    async def save_state(self, state: State) -> bool:
        """Keep the state, which has JSON's types only, in place of the old one; True if it is kept."""
        ...

    async def load_state(self) -> State | None:
        """Return the state; an empty dict or None if none was saved. Raise if it cannot be read."""
