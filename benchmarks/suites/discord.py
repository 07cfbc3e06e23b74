"""Views of discord.py: 10,000 brought back, 1,000 looked at, one clicked.

The real library on a Discord of this machine (REST and gateway); views are stored in SQLite, full durability.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any, Final, NamedTuple

import discord
from tests.adapters.discord import payloads
from tests.adapters.discord.bots import Counter, row, rows_of, running
from tests.adapters.discord.server import DiscordServer

from benchmarks.bots.discord import offline_discord
from benchmarks.rows import Row, Within
from benchmarks.runner import Rival, Scale, Turn, race
from botkeep import SQLiteStorage
from botkeep_discord import PersistentView, cooldown, setup_persistence

_BARE: Final = "discord.py by hand"
_CALL_SECONDS: Final = 0.05
_AT_ONCE: Final = 8
_FIRST_MESSAGE: Final = 1_000

_ids: Final = count(1)


class BareView(discord.ui.View):
    """What the library has: it is made and added by hand, and gone with the process."""

    callback_ran: asyncio.Future[float]

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="+", custom_id="add")
    async def add(self, _: discord.Interaction, __: discord.ui.Button[BareView]) -> None:
        self.callback_ran.set_result(perf_counter())


class View(PersistentView):
    """The same, stored."""

    callback_ran: asyncio.Future[float]

    @discord.ui.button(label="+", custom_id="add")
    async def add(self, _: discord.Interaction, __: discord.ui.Button[View]) -> None:
        self.callback_ran.set_result(perf_counter())


class LimitedView(View):
    """The same behind a cooldown, which is counted in the storage."""

    interaction_check = cooldown(1_000_000, 60.0)


class Cost(NamedTuple):
    """What the set-up of a bot took."""

    seconds: float
    kilobytes: float


class MeasuredBot(discord.Client):
    """Measures what happens in its `setup_hook`."""

    def __init__(self, set_up: Callable[[MeasuredBot], Awaitable[Any]]) -> None:
        super().__init__(intents=discord.Intents.none())
        self.set_up = set_up
        self.cost = Cost(0, 0)

    async def setup_hook(self) -> None:
        gc.collect()
        before, begin = tracemalloc.get_traced_memory()[0], perf_counter()
        await self.set_up(self)
        seconds = perf_counter() - begin
        gc.collect()
        self.cost = Cost(seconds, (tracemalloc.get_traced_memory()[0] - before) / 1_000)


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        async with offline_discord() as server:
            return [
                *await _attaching(scale, Path(name, "attached.db")),
                *await _looking(scale, Path(name, "looked_at.db"), server),
                *await _clicking(scale, Path(name, "clicked.db")),
            ]


async def _store(path: Path, *view_classes: type) -> None:
    """Store a row for each view, as earlier bots would have."""
    async with SQLiteStorage(path) as storage:
        rows = [row(view_class, _FIRST_MESSAGE + at) for at, view_class in enumerate(view_classes)]
        await asyncio.gather(
            *(rows_of(storage).set_state(f"view:{at}", stored) for at, stored in enumerate(rows))
        )


def _from(path: Path, **options: Any) -> Callable[[MeasuredBot], Awaitable[Any]]:
    return lambda bot: setup_persistence(bot, backend=SQLiteStorage(path), **options)


def _by_hand(views: int) -> Callable[[MeasuredBot], Awaitable[Any]]:
    async def add_views(bot: MeasuredBot) -> None:
        for at in range(views):
            bot.add_view(BareView(), message_id=_FIRST_MESSAGE + at)

    return add_views


async def _cost(set_up: Callable[[MeasuredBot], Awaitable[Any]]) -> Cost:
    async with running(MeasuredBot(set_up)) as bot:
        return bot.cost


def _seconds(set_up: Callable[[MeasuredBot], Awaitable[Any]]) -> Turn:
    async def turn() -> float:
        return (await _cost(set_up)).seconds

    return turn


async def _attaching(scale: Scale, path: Path) -> list[Row]:
    views = scale.of(10_000)
    await _store(path, *[View] * views)
    ours, by_hand = _from(path, verify=False), _by_hand(views)
    rival = Rival(_BARE, _seconds(by_hand), Within(3), "views of the library, made and added in a loop")
    rows = await race(scale, f"{views:,} stored views, verify=False: alive", "s", _seconds(ours), rival)
    tracemalloc.start()
    memory = [(await _cost(set_up)).kilobytes / views for set_up in (ours, by_hand)]
    tracemalloc.stop()
    return [*rows, Row("memory of a view", "KB", memory[:1], memory[1:], _BARE, note=rival.note)]


async def _looking(scale: Scale, path: Path, server: DiscordServer) -> list[Row]:
    views = max(scale.of(1_000), 2 * _AT_ONCE)
    await _store(path, *[Counter] * views)
    for at in range(views):
        server.rest.add_message(_FIRST_MESSAGE + at)
    server.rest.delay = _CALL_SECONDS
    calls = views + 1  # and one for the channel
    bound = calls * _CALL_SECONDS / _AT_ONCE
    looked = [await _seconds(_from(path))() for _ in range(min(scale.rounds, 2))]
    begun = [await _seconds(_from(path, verify="background"))() for _ in range(scale.rounds)]
    server.rest.delay = 0.0
    note = f"{calls:,} calls of {_CALL_SECONDS * 1e3:g} ms each, {_AT_ONCE} at once: {bound:.3g} s at best"
    name = f"{views:,} stored views"
    return [
        Row(
            f"{name}, verify=True: by the bound", "x", [s / bound for s in looked], bar=Within(1.3), note=note
        ),
        Row(f'{name}, verify="background": alive', "s", begun, bar=Within(bound / 8), note=note),
    ]


async def _clicking(scale: Scale, path: Path) -> list[Row]:
    clicks = max(scale.of(2_000), 100)
    await _store(path, View, LimitedView)
    async with running(MeasuredBot(_from(path, verify=False))) as bot:
        bare = BareView()
        bot.add_view(bare, message_id=1)
        views = {view._cache_key: view for view in bot.persistent_views}  # noqa: SLF001 # discord.py has no public way

        def slowest_in_a_hundred(message_id: int) -> Turn:
            async def turn() -> float:
                delays = [await _delay(bot, views[message_id], message_id) for _ in range(clicks)]
                return quantiles(delays, n=100)[-1] * 1_000

            return turn

        by_hand = slowest_in_a_hundred(1)
        alone = Rival(_BARE, by_hand, Within(5), "from the gateway's event to the callback")
        limited = Rival(_BARE, by_hand, None, "the same, with one durable write on the way")
        name = "a click until its callback runs, p99"
        return [
            *await race(scale, name, "ms", slowest_in_a_hundred(_FIRST_MESSAGE), alone),
            *await race(
                scale, f"{name}: with a cooldown", "ms", slowest_in_a_hundred(_FIRST_MESSAGE + 1), limited
            ),
        ]


async def _delay(bot: discord.Client, view: Any, message_id: int) -> float:
    """Click as the gateway tells it, and return the seconds until the view's callback ran."""
    shown = payloads.message(message_id, payloads.CHANNEL)
    event = payloads.click(next(_ids), shown, "add", user_id=7)
    view.callback_ran = asyncio.get_running_loop().create_future()
    begin = perf_counter()
    bot._connection.parsers["INTERACTION_CREATE"](event)  # noqa: SLF001 # discord.py has no public way
    end: float = await view.callback_ran
    return end - begin
