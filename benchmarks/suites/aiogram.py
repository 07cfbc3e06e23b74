"""aiogram's dispatcher: 1,000 users with a dialogue of three updates each.

Ours is on SQLite with full durability; aiogram's own RedisStorage is on a local Redis that writes nothing to
disk, which is the faster setting.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

from aiogram import Bot, Dispatcher
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import DefaultKeyBuilder
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Message
from tests.adapters.aiogram.bots import new_bot
from tests.adapters.botapi import updates
from tests.servers.redis_server import RedisServer

from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, race
from botkeep import SQLiteStorage
from botkeep_aiogram import setup_botkeep

_USERS: Final = 1000
_AT_ONCE: Final = 100
_first_users: Final = count(1, _USERS)


class Form(StatesGroup):
    name = State()
    age = State()


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        folder = Path(name)
        with RedisServer(folder) as server:
            ours = _dispatcher()
            setup_botkeep(ours, storage := SQLiteStorage(folder / "ours.db"))
            keys = DefaultKeyBuilder(with_bot_id=True, with_destiny=True)
            theirs = _dispatcher(RedisStorage.from_url(server.url, key_builder=keys))
            users = max(scale.of(_USERS), 10)
            async with storage:
                rows = await race(
                    scale,
                    f"{_USERS} users x 3 updates",
                    "updates/s",
                    _dialogues(ours, users),
                    Rival("aiogram's RedisStorage", _dialogues(theirs, users), AtLeast(1)),
                )
            await theirs.fsm.close()
            return rows


def _dispatcher(storage: RedisStorage | None = None) -> Dispatcher:
    dispatcher = Dispatcher(storage=storage)

    @dispatcher.message(Form.name)
    async def name(message: Message, state: FSMContext) -> None:
        await state.update_data(name=message.text)
        await state.set_state(Form.age)

    @dispatcher.message(Form.age)
    async def age(message: Message, state: FSMContext) -> None:
        await state.update_data(age=message.text)
        await state.clear()

    @dispatcher.message()
    async def start(_: Message, state: FSMContext) -> None:
        await state.set_state(Form.name)

    return dispatcher


def _dialogues(dispatcher: Dispatcher, users: int) -> Callable[[], Awaitable[float]]:
    bot = new_bot()

    async def measure() -> float:
        first = next(_first_users)
        waiting = iter(range(first, first + users))
        started = perf_counter()
        await asyncio.gather(*(_talk(dispatcher, bot, waiting) for _ in range(_AT_ONCE)))
        return 3 * users / (perf_counter() - started)

    return measure


async def _talk(dispatcher: Dispatcher, bot: Bot, waiting: Iterator[int]) -> None:
    for user in waiting:
        for text in ("hi", "Ann", "7"):
            await dispatcher.feed_raw_update(bot, updates.message(text, user=user))
