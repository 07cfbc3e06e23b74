"""aiogram's storage, on a Botkeep storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from aiogram.exceptions import DataNotDictLikeError
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from typing_extensions import override

import botkeep
from botkeep.abc import check_storage
from botkeep.sharing import stop_for
from botkeep.ttl import positive_seconds
from botkeep_aiogram.values import storable


class BotkeepStorage(BaseStorage):
    """Pass it to ``Dispatcher(storage=...)``, or let `setup_botkeep` do so.

    State and data are one record, as `botkeep.FSMContext` keeps it; every part of aiogram's key is part of
    the record's. `close`, which the dispatcher calls as it shuts down, stops the storage.

    Args:
        storage: where to keep the dialogues; opened by the first use.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten; None:
            never.
    """

    def __init__(self, storage: botkeep.BaseStorage, *, idle_ttl: float | timedelta | None = None) -> None:
        check_storage(storage)
        self._storage = storage
        own = None if idle_ttl is None else positive_seconds(idle_ttl, "idle_ttl")
        # A context keeps nothing itself, and an update asks for the same one several times.
        self._context: Callable[[StorageKey], botkeep.FSMContext] = lru_cache(maxsize=1024)(
            lambda key: botkeep.FSMContext(storage, state_key(key), idle_ttl=own)
        )

    @override
    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        # A bare State() has no name, which for aiogram is no state.
        await self._context(key).set_state(state.state if isinstance(state, State) else state)

    @override
    async def get_state(self, key: StorageKey) -> str | None:
        return await self._context(key).get_state()

    @override
    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        _check(data)
        context = self._context(key)
        try:
            await context.set_data(data)
        except botkeep.DocumentError as exc:
            await context.set_data(storable(data, exc))

    @override
    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        return await self._context(key).get_data()

    @override
    async def update_data(self, key: StorageKey, data: Mapping[str, Any]) -> dict[str, Any]:
        _check(data)
        context = self._context(key)
        try:
            return await context.update_data(data)
        except botkeep.DocumentError as exc:
            return await context.update_data(storable(data, exc))

    @override
    async def close(self) -> None:
        await stop_for(self._storage, self)


@lru_cache(maxsize=1024)
def state_key(key: StorageKey) -> botkeep.StateKey:
    """Return the key under which an aiogram key's record is kept."""
    return botkeep.StateKey(
        key.bot_id, key.chat_id, key.user_id, key.thread_id, key.business_connection_id, key.destiny
    )


def _check(data: object) -> None:
    if not isinstance(data, dict):
        raise DataNotDictLikeError(f"data must be a dict, not {type(data).__name__}: {data!r}")
