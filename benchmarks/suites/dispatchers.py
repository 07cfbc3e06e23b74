"""Updates a second through each framework's own dispatcher: a dialogue that orders a pizza.

An update goes from the framework's dispatcher through its handler, and handlers answer nothing. Botkeep puts
each user's updates in order on the way, which the frameworks alone do not. All that is on Redis is on one
local server that writes nothing to disk, with redis-py's parser in Python. Each turn starts its bot anew, for
there can be only one client of kurigram-addons in a process; one dialogue goes before the clock starts.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from redis.asyncio import Redis
from tests.servers.redis_server import RedisServer

from benchmarks.bots import ORDERED, SAID, Bot, aiogram, discord, ptb, pyrogram, telebot
from benchmarks.peers.redis_clients import new_client
from benchmarks.rows import AtLeast, Bar, Row
from benchmarks.runner import Scale, Turn, take_turns
from botkeep import BaseStorage, RedisStorage, SQLiteStorage

Opens: TypeAlias = "Callable[[], AbstractAsyncContextManager[Bot]]"

_MANY: Final = 100
_DIALOGUES: Final = {1: 25, _MANY: _MANY}
"""How many in a turn, by the number of users."""
_PATIENCE: Final = 120.0
"""Seconds until a turn is given up: a framework may only log what went wrong with an update."""
_USERS: Final = range(1_000, 1_000 + _MANY)
_FULL, _NORMAL, _REDIS = "SQLite full", "SQLite normal", "Redis"


class Framework(NamedTuple):
    """A framework's bot on our storages, and on what its users have without them.

    Attributes:
        ours: on one of our storages.
        durable: peers that survive a killed process; they stand beside SQLite "full" and Redis.
        memory: a peer that does not; it stands beside SQLite "full" and "normal".
        bars: by our storage and the peer's name, with a hundred users.
    """

    ours: Callable[[BaseStorage], AbstractAsyncContextManager[Bot]]
    durable: Mapping[str, Opens]
    memory: Mapping[str, Opens]
    bars: Mapping[tuple[str, str], Bar] = {}


def _frameworks(folder: Path, port: int) -> Mapping[str, Framework]:
    aiogram_bars = {(_FULL, "its RedisStorage"): AtLeast(2.5), (_NORMAL, "its MemoryStorage"): AtLeast(0.8)}
    kurigram = {
        "kurigram-addons' SQLite": partial(pyrogram.on_sqlite, folder / "kurigram.db"),
        "kurigram-addons' Redis": partial(pyrogram.on_redis, port),
    }
    pickles = {
        "PicklePersistence, once a minute": partial(ptb.on_pickle, folder / "lazy.pickle"),
        "PicklePersistence, each update": partial(ptb.on_pickle_at_once, folder / "eager.pickle"),
    }
    return {
        "aiogram": Framework(
            aiogram.on_botkeep,
            {"its RedisStorage": partial(aiogram.on_redis, port)},
            {"its MemoryStorage": aiogram.on_memory},
            aiogram_bars,
        ),
        "pyTelegramBotAPI": Framework(
            telebot.on_botkeep,
            {"its StateRedisStorage": partial(telebot.on_redis, port)},
            {"its StateMemoryStorage": telebot.on_memory},
        ),
        "python-telegram-bot": Framework(ptb.on_botkeep, pickles, {"no persistence": ptb.on_memory}),
        "kurigram": Framework(pyrogram.on_botkeep, kurigram, {"kurigram-addons' memory": pyrogram.on_memory}),
        "discord.py": Framework(
            partial(discord.on_botkeep, _USERS), {}, {"dicts in views": partial(discord.by_hand, _USERS)}
        ),
    }


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name, RedisServer(Path(name)) as server:
        async with new_client(server.port) as client:
            rows = []
            for framework, bots in _frameworks(Path(name), server.port).items():
                ours = _ours(bots, Path(name, framework), client)
                rows += await _race(scale, framework, bots, ours)
            return rows


def _ours(framework: Framework, path: Path, client: Redis) -> Mapping[str, Opens]:
    def opens(new_storage: Callable[[], BaseStorage]) -> Opens:
        return lambda: framework.ours(new_storage())

    return {
        _FULL: opens(lambda: SQLiteStorage(f"{path}.db")),
        _NORMAL: opens(lambda: SQLiteStorage(f"{path}-normal.db", durability="normal")),
        _REDIS: opens(lambda: RedisStorage(client, prefix=f"{path.name}:")),
    }


async def _race(scale: Scale, name: str, framework: Framework, ours: Mapping[str, Opens]) -> list[Row]:
    opens = ours if scale.alone else {**ours, **framework.durable, **framework.memory}
    fewer = scale._replace(rounds=min(scale.rounds, 3))
    rows = []
    for users in _DIALOGUES:
        figures = await take_turns([_turn(each, users, scale) for each in opens.values()], fewer)
        title = f"{name}, {users} user{'s' if users > 1 else ''}"
        bars = framework.bars if users == _MANY else {}
        rows += _rows(title, framework, dict(zip(opens, figures, strict=True)), bars)
    return rows


def _rows(
    title: str,
    framework: Framework,
    figures: Mapping[str, list[float]],
    bars: Mapping[tuple[str, str], Bar],
) -> list[Row]:
    beside = {
        _FULL: (*framework.durable, *framework.memory),
        _NORMAL: tuple(framework.memory),
        _REDIS: tuple(framework.durable or framework.memory),
    }
    return [
        Row(
            f"{title}: {ours}",
            "updates/s",
            figures[ours],
            figures.get(peer, ()),
            peer,
            bars.get((ours, peer)),
        )
        for ours, peers in beside.items()
        for peer in peers
    ]


def _turn(opens: Opens, users: int, scale: Scale) -> Turn:
    dialogues = max(1, scale.of(_DIALOGUES[users]) // users)

    async def talk(bot: Bot, updates: list[object]) -> None:
        for update in updates:
            await bot.handle(update)

    async def turn() -> float:
        async with opens() as bot:
            await talk(bot, [bot.update(text, _USERS[0]) for text in SAID])
            said = [[bot.update(text, user) for text in SAID * dialogues] for user in _USERS[:users]]
            bot.orders.clear()
            begin = time.perf_counter()
            await asyncio.wait_for(asyncio.gather(*(talk(bot, each) for each in said)), _PATIENCE)
            seconds = time.perf_counter() - begin
            assert bot.orders == [ORDERED] * (users * dialogues), f"{len(bot.orders)} orders"
            return users * dialogues * len(SAID) / seconds

    return turn
