"""The state storage of pyTelegramBotAPI's asynchronous bot, on a Botkeep storage.

pyTelegramBotAPI tells where a dialogue takes place in up to five parts, by position or by name; beyond the
chat and the user, the methods here hand them on as they come to `botkeep_telebot.records.identifier`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from telebot.asyncio_storage import StateStorageBase
from typing_extensions import override

from botkeep import BaseStorage
from botkeep_telebot.records import (
    NAMESPACE,
    Missing,
    Record,
    identifier,
    with_changes,
    with_data,
    with_state,
)


class BotkeepStateStorage(StateStorageBase):
    """Pass it to ``AsyncTeleBot(state_storage=...)``, or let `setup_botkeep` do so.

    Every change is one atomic step; ``async with state.data()`` writes what the block has changed and leaves
    what others changed meanwhile. States and data come back with the types they had.

    Args:
        storage: where to keep the dialogues; opened by the first use, also after `close`.
    """

    def __init__(self, storage: BaseStorage) -> None:
        super().__init__()
        self._storage = storage
        self._records = storage.namespace(NAMESPACE)

    async def close(self) -> None:
        """Stop the storage. pyTelegramBotAPI has no hook for it: `setup_botkeep` makes one."""
        await self._storage.stop()

    @override
    async def set_state(self, chat_id: int, user_id: int, state: Any, *place: Any, **named: Any) -> bool:
        key = identifier(chat_id, user_id, *place, **named)
        return await self._change(key, lambda record: with_state(record, state))

    @override
    async def get_state(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> Any:
        record = await self._read(identifier(chat_id, user_id, *place, **named))
        return None if record is None else record["state"]

    @override
    async def delete_state(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> bool:
        await self._storage.start()
        return await self._records.delete_state(identifier(chat_id, user_id, *place, **named))

    @override
    async def set_data(
        self, chat_id: int, user_id: int, key: str, value: Any, *place: Any, **named: Any
    ) -> bool:
        dialogue = identifier(chat_id, user_id, *place, **named)
        if not await self._change(dialogue, lambda record: with_changes(record, {}, {key: value})):
            raise RuntimeError(f"{dialogue} has no state yet, so it can have no data; set a state first")
        return True

    @override
    async def get_data(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> dict[str, Any]:
        record = await self._read(identifier(chat_id, user_id, *place, **named))
        return {} if record is None else record["data"]

    @override
    async def reset_data(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> bool:
        return await self.save(chat_id, user_id, {}, *place, **named)

    @override
    async def save(self, chat_id: int, user_id: int, data: dict[str, Any], *place: Any, **named: Any) -> bool:
        key = identifier(chat_id, user_id, *place, **named)
        return await self._change(key, lambda record: with_data(record, data))

    @override
    def get_interactive_data(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> InteractiveData:
        return InteractiveData(self, identifier(chat_id, user_id, *place, **named))

    async def merge(self, key: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
        """Do to the data what was done to a copy of it; False if the dialogue is over."""
        return await self._change(key, lambda record: with_changes(record, before, after))

    async def _read(self, key: str) -> Record | None:
        await self._storage.start()
        record: Record | None = await self._records.get_state(key)
        return record

    async def _change(self, key: str, change: Callable[[Record | None], Record]) -> bool:
        await self._storage.start()
        try:
            await self._records.update(key, change)
        except Missing:
            return False
        return True


class InteractiveData:
    """What ``state.data()`` returns: a copy of the data, whose changes are written at the end of the block.

    As in pyTelegramBotAPI, they are written also when the block raises, and not if there is no state.
    """

    def __init__(self, states: BotkeepStateStorage, key: str) -> None:
        self._states = states
        self._key = key
        self._before: dict[str, Any] = {}
        self._data: dict[str, Any] = {}

    async def __aenter__(self) -> dict[str, Any]:
        record = await self._states._read(self._key)
        self._before = {} if record is None else record["data"]
        self._data = copy.deepcopy(self._before)
        return self._data

    async def __aexit__(self, *details: object) -> None:
        await self._states.merge(self._key, self._before, self._data)
