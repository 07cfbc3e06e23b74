"""A small Discord on this machine: the real library logs in to it and cannot tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import discord
import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route
from tests.adapters.discord import payloads
from tests.adapters.discord.gateway import Gateway
from tests.adapters.discord.payloads import CHANNEL, Payload
from tests.adapters.discord.rest import PREFIX, Rest
from typing_extensions import Self

PATIENCE = 15.0
"""Seconds after which a test that waits for something fails."""


class DiscordServer:
    """REST and gateway on one free port of 127.0.0.1, and the users who click.

    Attributes:
        rest: what the bot called, and what it finds.
        gateway: the bot's connections.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[None]]] = []
        self.rest = Rest(self._look)
        self.gateway = Gateway(self._look)

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.add_routes([*self.rest.routes(), *self.gateway.routes()])
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.rest.release()
        await self.gateway.close()
        await self._runner.cleanup()

    def log_in_as(self, bot_id: int) -> None:
        """Be the server of the bot with this id from now on."""
        self.rest.bot = self.gateway.bot = {**payloads.BOT, "id": str(bot_id)}

    async def until(self, condition: Callable[[], Any]) -> None:
        """Return when the condition, about calls and connections, holds."""
        if not condition():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((condition, future))
            await asyncio.wait_for(future, PATIENCE)

    def _look(self) -> None:
        for condition, future in self._waiting:
            if not future.done() and condition():
                future.set_result(None)
        self._waiting = [(condition, future) for condition, future in self._waiting if not future.done()]

    async def click(self, message_id: int, custom_id: str, *, user: int = 7, **where: Any) -> Payload:
        """Press a button and return what the bot answered."""
        shown = self.rest.messages[message_id]
        return await self._interact(payloads.click, shown, custom_id, user_id=user, **where)

    async def choose(
        self, message_id: int, custom_id: str, *values: str, user: int = 7, **where: Any
    ) -> Payload:
        """Choose from a select menu and return what the bot answered."""
        shown = self.rest.messages[message_id]
        return await self._interact(payloads.choice, shown, custom_id, values, user_id=user, **where)

    async def submit(self, modal: Payload, values: dict[str, str], *, user: int = 7, **where: Any) -> Payload:
        """Fill in a modal and return what the bot answered."""
        return await self._interact(payloads.submission, modal, values, user_id=user, **where)

    async def command(self, name: str, *, user: int = 7, guild: int | None = None, **options: Any) -> Payload:
        """Use a slash command and return what the bot answered."""
        return await self._interact(payloads.command, name, options=options, user_id=user, guild=guild)

    async def complete(self, name: str, option: str, typed: str, *, user: int = 7) -> Payload:
        """Type into an option of a slash command and return what the bot proposed."""
        return await self._interact(payloads.autocomplete, name, option, typed, user_id=user)

    async def _interact(
        self, payload: Callable[..., Payload], *details: Any, shard: int = 0, **who: Any
    ) -> Payload:
        event = payload(next(self.rest.identifiers), *details, **who)
        await self.gateway.send("INTERACTION_CREATE", event, shard=shard)
        return await asyncio.wait_for(self.rest.answer_to(event["id"]), PATIENCE)

    async def delete_message(self, *message_ids: int, channel: int = CHANNEL) -> None:
        """Have a moderator delete one message, or several at once."""
        for message_id in message_ids:
            self.rest.messages.pop(message_id, None)
        if len(message_ids) == 1:
            await self.gateway.send("MESSAGE_DELETE", {"id": str(message_ids[0]), "channel_id": str(channel)})
        else:
            ids = [str(message_id) for message_id in message_ids]
            await self.gateway.send("MESSAGE_DELETE_BULK", {"ids": ids, "channel_id": str(channel)})


def redirect(port: int, patch: Callable[[Any, str, Any], None] = setattr) -> None:
    """Send the library of this process to the server on ``port`` instead of to Discord."""
    patch(Route, "BASE", f"http://127.0.0.1:{port}{PREFIX}")
    patch(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(f"ws://127.0.0.1:{port}/gateway/"))


async def logged_in(client: discord.Client) -> asyncio.Task[None]:
    """Start a client; return the task that runs it, once it is ready."""
    running = asyncio.create_task(client.start("token"))
    ready = asyncio.create_task(_ready(client, running))
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
        await running
    await ready
    return running


async def _ready(client: discord.Client, running: asyncio.Task[None]) -> None:
    while not client.is_ready() and not running.done():  # noqa: ASYNC110 # no event before login
        await asyncio.sleep(0.005)
