"""The state storage of pyTelegramBotAPI's synchronous bot: the asynchronous one, on a thread of its own."""

from __future__ import annotations

from typing import Any

from telebot.storage import StateStorageBase
from typing_extensions import override

from botkeep import BaseStorage
from botkeep_telebot.background import BackgroundLoop, close_loop_of, loop_of
from botkeep_telebot.states import BotkeepStateStorage, InteractiveData


class BotkeepSyncStateStorage(StateStorageBase):
    """Pass it to ``TeleBot(state_storage=...)``. What `BotkeepStateStorage` promises holds here too.

    Args:
        storage: where to keep the dialogues. It is this bot's now: no event loop of yours may use it.
    """

    def __init__(self, storage: BaseStorage) -> None:
        super().__init__()
        self._storage = storage
        self._states = BotkeepStateStorage(storage)

    def close(self) -> None:
        """Stop the storage. Done at the end of the program too; a later call opens it again."""
        close_loop_of(self._storage)

    @override
    def set_state(self, *arguments: Any, **named: Any) -> bool:
        return self._loop.run(self._states.set_state(*arguments, **named))

    @override
    def get_state(self, *arguments: Any, **named: Any) -> Any:
        return self._loop.run(self._states.get_state(*arguments, **named))

    @override
    def delete_state(self, *arguments: Any, **named: Any) -> bool:
        return self._loop.run(self._states.delete_state(*arguments, **named))

    @override
    def set_data(self, *arguments: Any, **named: Any) -> bool:
        return self._loop.run(self._states.set_data(*arguments, **named))

    @override
    def get_data(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        return self._loop.run(self._states.get_data(*arguments, **named))

    @override
    def reset_data(self, *arguments: Any, **named: Any) -> bool:
        return self._loop.run(self._states.reset_data(*arguments, **named))

    @override
    def save(self, *arguments: Any, **named: Any) -> bool:
        return self._loop.run(self._states.save(*arguments, **named))

    @override
    def get_interactive_data(self, *arguments: Any, **named: Any) -> SyncInteractiveData:
        return SyncInteractiveData(self, self._states.get_interactive_data(*arguments, **named))

    @property
    def _loop(self) -> BackgroundLoop:
        return loop_of(self._storage)


class SyncInteractiveData:
    """What ``state.data()`` returns: see `botkeep_telebot.states.InteractiveData`."""

    def __init__(self, states: BotkeepSyncStateStorage, data: InteractiveData) -> None:
        self._states = states
        self._data = data

    def __enter__(self) -> dict[str, Any]:
        found: dict[str, Any] = self._states._loop.run(self._data.__aenter__())
        return found

    def __exit__(self, *details: object) -> None:
        self._states._loop.run(self._data.__aexit__(*details))
