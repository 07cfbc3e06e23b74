"""discord.py's views: each user has a message with buttons, and clicks reach it as the gateway tells them.

discord.py keeps nothing of a view; the peer is a view that has its order in a dict. A click is handled when
its callback has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final, NamedTuple

import discord
from tests.adapters.discord import payloads
from tests.adapters.discord.bots import running
from tests.adapters.discord.server import DiscordServer, redirect

from benchmarks.bots import SAID, Bot
from botkeep import BaseStorage
from botkeep_discord import PersistentView, setup_persistence

_clicks: Final = count(1_000_000)
_Orders = list[dict[str, Any]]


class BareView(discord.ui.View):
    """An order in a dict; gone with the process."""

    def __init__(self, ordered: Callable[[dict[str, Any], discord.Interaction], None]) -> None:
        super().__init__(timeout=None)
        self.order: dict[str, Any] = {}
        self.ordered = ordered

    @discord.ui.button(label="order", custom_id="/start")
    async def start(self, interaction: discord.Interaction, _: Any) -> None:
        self.order = {}
        self.ordered({}, interaction)

    @discord.ui.button(label="large", custom_id="large")
    async def large(self, interaction: discord.Interaction, _: Any) -> None:
        self.order["size"] = "large"
        self.ordered({}, interaction)

    @discord.ui.button(label="ham", custom_id="ham")
    async def ham(self, interaction: discord.Interaction, _: Any) -> None:
        self.order["topping"] = "ham"
        self.ordered({}, interaction)

    @discord.ui.button(label="yes", custom_id="yes")
    async def yes(self, interaction: discord.Interaction, _: Any) -> None:
        self.ordered(self.order, interaction)


class StoredView(PersistentView):
    """An order in the view's state."""

    ordered: Callable[[dict[str, Any], discord.Interaction], None]

    @discord.ui.button(label="order", custom_id="/start")
    async def start(self, interaction: discord.Interaction, _: Any) -> None:
        await self.state.save({})
        self.ordered({}, interaction)

    @discord.ui.button(label="large", custom_id="large")
    async def large(self, interaction: discord.Interaction, _: Any) -> None:
        await self.state.update(lambda order: {**order, "size": "large"})
        self.ordered({}, interaction)

    @discord.ui.button(label="ham", custom_id="ham")
    async def ham(self, interaction: discord.Interaction, _: Any) -> None:
        await self.state.update(lambda order: {**order, "topping": "ham"})
        self.ordered({}, interaction)

    @discord.ui.button(label="yes", custom_id="yes")
    async def yes(self, interaction: discord.Interaction, _: Any) -> None:
        order = await self.state.load()
        await self.state.delete()
        self.ordered(order, interaction)


class _Click(NamedTuple):
    user: int
    event: dict[str, Any]


@asynccontextmanager
async def offline_discord() -> AsyncIterator[DiscordServer]:
    """Have a Discord on this machine, which the library believes to be the real one."""
    replaced: list[tuple[Any, str, Any]] = []

    def patch(owner: Any, name: str, value: Any) -> None:
        replaced.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    async with DiscordServer() as server:
        redirect(server.port, patch)
        try:
            yield server
        finally:
            for owner, name, value in replaced:
                setattr(owner, name, value)


@asynccontextmanager
async def on_botkeep(users: range, storage: BaseStorage) -> AsyncIterator[Bot]:
    async with _running() as (client, bot, ordered):
        await setup_persistence(client, backend=storage, verify=False)
        channel = client.get_partial_messageable(payloads.CHANNEL)
        for user in users:
            view = StoredView(state_key=f"order:{user}")
            view.ordered = ordered
            await view.adopt(channel.get_partial_message(user))
        yield bot


@asynccontextmanager
async def by_hand(users: range) -> AsyncIterator[Bot]:
    async with _running() as (client, bot, ordered):
        for user in users:
            client.add_view(BareView(ordered), message_id=user)
        yield bot


@asynccontextmanager
async def _running() -> AsyncIterator[tuple[discord.Client, Bot, Callable[..., None]]]:
    orders, waiting = _Orders(), dict[int, "asyncio.Future[None]"]()

    def ordered(order: dict[str, Any], interaction: discord.Interaction) -> None:
        assert interaction.message is not None
        if order:
            orders.append(dict(order))
        waiting.pop(interaction.message.id).set_result(None)

    async with offline_discord(), running(discord.Client(intents=discord.Intents.none())) as client:

        async def handle(click: _Click) -> None:
            waiting[click.user] = handled = asyncio.get_running_loop().create_future()
            client._connection.parsers["INTERACTION_CREATE"](click.event)  # noqa: SLF001 # discord.py has no public way
            await handled

        yield client, Bot(_click, handle, orders), ordered


def _click(text: str, user: int) -> _Click:
    assert text in SAID
    shown = payloads.message(user, payloads.CHANNEL)
    return _Click(user, payloads.click(next(_clicks), shown, text, user_id=7))
