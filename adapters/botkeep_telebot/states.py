"""The state storage of pyTelegramBotAPI's asynchronous bot, on a Botkeep storage.

pyTelegramBotAPI tells where a dialogue takes place in up to five parts, by position or by name; beyond the
chat and the user, the methods here hand them on as they come to `dialogue_key`.
"""

from __future__ import annotations

import asyncio
import copy
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from telebot.asyncio_storage import StateStorageBase
from typing_extensions import override

from botkeep import BaseStorage, FSMContext, StateKey, Turn
from botkeep.abc import check_storage
from botkeep.ttl import positive_seconds
from botkeep_telebot.data import DialogueData, merged
from botkeep_telebot.former_layout import convert
from botkeep_telebot.handling import handled
from botkeep_telebot.names import name_of, state_of

_ATTEMPTS: Final = 1000
"""How often a change is tried that met another process's write each time."""


class BotkeepStateStorage(StateStorageBase):
    """Pass it to ``AsyncTeleBot(state_storage=...)``, or let `setup_botkeep` do so.

    A dialogue is one record, as `botkeep.FSMContext` keeps it. Every change is one atomic step; ``async with
    state.data()`` writes what the block has changed and leaves what others changed meanwhile. States and data
    come back with the types they had.

    Args:
        storage: where to keep the dialogues; opened by the first use, also after `close`. What 0.1 has kept
            in it becomes such records then.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten; None:
            never.
    """

    def __init__(self, storage: BaseStorage, *, idle_ttl: float | timedelta | None = None) -> None:
        super().__init__()
        check_storage(storage)
        self._storage = storage
        self._idle_ttl = None if idle_ttl is None else positive_seconds(idle_ttl, "idle_ttl")
        self._conversion = asyncio.Lock()
        self._converted = False

    async def close(self) -> None:
        """Stop the storage. pyTelegramBotAPI has no hook for it: `setup_botkeep` makes one."""
        await self._storage.stop()

    @override
    async def set_state(self, chat_id: int, user_id: int, state: Any, *place: Any, **named: Any) -> bool:
        name = name_of(state)
        context = await self.context(dialogue_key(chat_id, user_id, *place, **named))
        await context.set_state(name)
        return True

    @override
    async def get_state(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> Any:
        context = await self.context(dialogue_key(chat_id, user_id, *place, **named))
        return state_of(await context.get_state())

    @override
    async def delete_state(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> bool:
        return await self.change(dialogue_key(chat_id, user_id, *place, **named), Turn.clear)

    @override
    async def set_data(
        self, chat_id: int, user_id: int, key: str, value: Any, *place: Any, **named: Any
    ) -> bool:
        dialogue = dialogue_key(chat_id, user_id, *place, **named)
        if not await self.change(dialogue, lambda turn: turn.data.update({key: value})):
            raise RuntimeError(f"{dialogue} has no state yet, so it can have no data; set a state first")
        return True

    @override
    async def get_data(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> dict[str, Any]:
        context = await self.context(dialogue_key(chat_id, user_id, *place, **named))
        return await context.get_data()

    @override
    async def reset_data(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> bool:
        return await self.save(chat_id, user_id, {}, *place, **named)

    @override
    async def save(self, chat_id: int, user_id: int, data: dict[str, Any], *place: Any, **named: Any) -> bool:
        def replace(turn: Turn) -> None:
            turn.data = data

        return await self.change(dialogue_key(chat_id, user_id, *place, **named), replace)

    @override
    def get_interactive_data(self, chat_id: int, user_id: int, *place: Any, **named: Any) -> InteractiveData:
        return InteractiveData(self, dialogue_key(chat_id, user_id, *place, **named))

    async def context(self, key: StateKey) -> FSMContext:
        """Return the dialogue with this key; the storage is open then."""
        await self._storage.start()
        if not self._converted:
            async with self._conversion:
                if not self._converted:
                    await convert(self._storage)
                    self._converted = True
        return FSMContext(self._storage, key, idle_ttl=self._idle_ttl)

    async def change(self, key: StateKey, change: Callable[[Turn], object]) -> bool:
        """Change a dialogue in one atomic step; False: there is none, and nothing was done."""
        context = await self.context(key)

        async def step(turn: Turn) -> bool:
            if turn.state is None and not turn.data:
                return False
            change(turn)
            return True

        return await context.run(step, attempts=_ATTEMPTS)


def dialogue_key(
    chat_id: int,
    user_id: int,
    business_connection_id: str | None = None,
    message_thread_id: int | None = None,
    bot_id: int | None = None,
) -> StateKey:
    """Return the key of a dialogue; a bot that is not named is 0.

    Where a chat speaks for itself, pyTelegramBotAPI asks for the placeholder account that stands in for it;
    while that update is handled, the key is the chat's.
    """
    update = handled.get()
    if update is not None:
        chat_id, user_id = update.speaker(chat_id), update.speaker(user_id)
    return StateKey(bot_id or 0, chat_id, user_id, message_thread_id, business_connection_id)


class InteractiveData:
    """What ``state.data()`` returns: a copy of the data, whose changes are written at the end of the block.

    As in pyTelegramBotAPI, they are written also when the block raises, and not if there is no state: then a
    `RuntimeWarning` says so.
    """

    def __init__(self, states: BotkeepStateStorage, key: StateKey) -> None:
        self._states = states
        self._key = key
        self._before: dict[str, Any] = {}
        self._data = DialogueData({}, key.identifier)

    async def __aenter__(self) -> DialogueData:
        context = await self._states.context(self._key)
        self._before = await context.get_data()
        self._data = DialogueData(copy.deepcopy(self._before), self._key.identifier)
        return self._data

    async def __aexit__(self, *details: object) -> None:
        after = dict(self._data)

        def merge(turn: Turn) -> None:
            turn.data = merged(turn.data, self._before, after)

        try:
            there = await self._states.change(self._key, merge)
        finally:
            self._data.end()
        if not there and after != self._before:
            warnings.warn(
                f"{self._key} has no state, so its data was not written; set a state first",
                RuntimeWarning,
                stacklevel=2,
            )
