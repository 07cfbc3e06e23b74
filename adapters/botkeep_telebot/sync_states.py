"""The state storage of pyTelegramBotAPI's synchronous bot: the asynchronous one, on a thread of its own."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from telebot.storage import StateStorageBase
from typing_extensions import override

from botkeep import BaseStorage
from botkeep_telebot.background import close_loop_of, loop_of
from botkeep_telebot.data import DialogueData
from botkeep_telebot.states import BotkeepStateStorage, InteractiveData

T = TypeVar("T")


class BotkeepSyncStateStorage(StateStorageBase):
    """Pass it to ``TeleBot(state_storage=...)``, or let `setup_botkeep` do so.

    What `BotkeepStateStorage` promises holds here too.

    Args:
        storage: where to keep the dialogues. It is this bot's now: no event loop of yours may use it.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten; None:
            never.
    """

    def __init__(self, storage: BaseStorage, *, idle_ttl: float | timedelta | None = None) -> None:
        super().__init__()
        self._storage = storage
        self._states = BotkeepStateStorage(storage, idle_ttl=idle_ttl)

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for an asynchronous call where the storage lives, and return what it returns.

        ``states.run(user.save("name", "Ann"))``, in a handler, is for the handler's user.

        Args:
            call: a call of this storage, of `botkeep.FSMContext` on it, or, if `botkeep.configure` was given
                this storage, of `botkeep.store` and `botkeep.user`.
        """
        return loop_of(self._storage).run(call)

    def close(self) -> None:
        """Stop the storage. Done at the end of the program too; a later call opens it again."""
        close_loop_of(self._storage)

    @override
    def set_state(self, *arguments: Any, **named: Any) -> bool:
        return loop_of(self._storage).run(self._states.set_state(*arguments, **named))

    @override
    def get_state(self, *arguments: Any, **named: Any) -> Any:
        return loop_of(self._storage).run(self._states.get_state(*arguments, **named))

    @override
    def delete_state(self, *arguments: Any, **named: Any) -> bool:
        return loop_of(self._storage).run(self._states.delete_state(*arguments, **named))

    @override
    def set_data(self, *arguments: Any, **named: Any) -> bool:
        return loop_of(self._storage).run(self._states.set_data(*arguments, **named))

    @override
    def get_data(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        return loop_of(self._storage).run(self._states.get_data(*arguments, **named))

    @override
    def reset_data(self, *arguments: Any, **named: Any) -> bool:
        return loop_of(self._storage).run(self._states.reset_data(*arguments, **named))

    @override
    def save(self, *arguments: Any, **named: Any) -> bool:
        return loop_of(self._storage).run(self._states.save(*arguments, **named))

    @override
    def get_interactive_data(self, *arguments: Any, **named: Any) -> SyncInteractiveData:
        return SyncInteractiveData(self._storage, self._states.get_interactive_data(*arguments, **named))


class SyncInteractiveData:
    """What ``state.data()`` returns to a synchronous bot; it does what `InteractiveData` does."""

    def __init__(self, storage: BaseStorage, data: InteractiveData) -> None:
        self._storage = storage
        self._data = data

    def __enter__(self) -> DialogueData:
        return loop_of(self._storage).run(self._data.__aenter__())

    def __exit__(self, *details: object) -> None:
        loop_of(self._storage).run(self._data.__aexit__(*details))
