"""kurigram's dispatcher, and kurigram-addons' client on it, each with kurigram's own number of workers.

kurigram has no dialogues of its own. An update is handled when its handler has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import kurigram_addons  # type: ignore[import-untyped] # it ships no types
from pyrogram import filters
from pyrogram_patch.fsm.context import (  # type: ignore[import-untyped] # likewise
    FSMContext as KurigramContext,
)
from pyrogram_patch.fsm.filter import StateFilter as KurigramFilter  # type: ignore[import-untyped] # likewise
from tests.adapters.pyrogram.offline import ACCOUNT, Offline
from tests.adapters.pyrogram.payloads import from_wire, person
from tests.adapters.pyrogram.payloads import message as new_message

from benchmarks.bots import Bot
from benchmarks.peers.redis_clients import new_client
from botkeep import BaseStorage, FSMContext, State, StatesGroup
from botkeep_pyrogram import Client, StateFilter

Handler: TypeAlias = "Callable[[Any, Any], Awaitable[object]]"


class _BotkeepClient(Offline, Client):
    """Botkeep's client, offline."""


class _KurigramClient(Offline, kurigram_addons.KurigramClient):
    """kurigram-addons' client, offline."""


class Order(StatesGroup):
    size = State()
    topping = State()
    confirm = State()


class _Update(NamedTuple):
    user: int
    content: Any


def _update(text: str, user: int) -> _Update:
    content = new_message(text, user=user)
    # An update brings along all whom it is about.
    content.users.append(from_wire(person(user)))
    return _Update(user, content)


@asynccontextmanager
async def on_botkeep(storage: BaseStorage) -> AsyncIterator[Bot]:
    client: Any = _BotkeepClient("bench", storage=storage, **ACCOUNT)

    def in_state(state: str) -> Any:
        return StateFilter(getattr(Order, state))

    async with _running(client, in_state, client.fsm, FSMContext.clear) as bot:
        yield bot


@asynccontextmanager
async def on_memory() -> AsyncIterator[Bot]:
    async with _on_kurigram(kurigram_addons.MemoryStorage()) as bot:
        yield bot


@asynccontextmanager
async def on_sqlite(path: Path) -> AsyncIterator[Bot]:
    async with _on_kurigram(kurigram_addons.SQLiteStorage(str(path))) as bot:
        yield bot


@asynccontextmanager
async def on_redis(port: int) -> AsyncIterator[Bot]:
    async with new_client(port) as client, _on_kurigram(kurigram_addons.RedisStorage(client)) as bot:
        yield bot


@asynccontextmanager
async def _on_kurigram(storage: Any) -> AsyncIterator[Bot]:
    client: Any = _KurigramClient("bench", storage=storage, **ACCOUNT)

    def context(message: Any) -> Any:
        return KurigramContext(storage, f"chat:{message.chat.id}")

    def in_state(state: str) -> Any:
        return KurigramFilter(f"Order:{state}")

    async with _running(client, in_state, context, KurigramContext.clear_state) as bot:
        yield bot


@asynccontextmanager
async def _running(
    client: Any,
    in_state: Callable[[str], Any],
    context: Callable[[Any], Any],
    clear: Callable[[Any], Awaitable[object]],
) -> AsyncIterator[Bot]:
    client.loop = asyncio.get_running_loop()
    orders, waiting = list[dict[str, Any]](), dict[int, "asyncio.Future[None]"]()

    def answering(handler: Handler) -> Handler:
        async def answer(_: Any, message: Any) -> None:
            try:
                await handler(message, context(message))
            finally:
                waiting.pop(message.from_user.id).set_result(None)

        return answer

    @client.on_message(filters.command("start"))
    @answering
    async def start(_: Any, state: Any) -> None:
        await state.set_state("Order:size")

    @client.on_message(in_state("size"))
    @answering
    async def size(message: Any, state: Any) -> None:
        await state.update_data(size=message.text)
        await state.set_state("Order:topping")

    @client.on_message(in_state("topping"))
    @answering
    async def topping(message: Any, state: Any) -> None:
        await state.update_data(topping=message.text)
        await state.set_state("Order:confirm")

    @client.on_message(in_state("confirm"))
    @answering
    async def confirm(_: Any, state: Any) -> None:
        orders.append(await state.get_data())
        await clear(state)

    async def handle(update: _Update) -> None:
        waiting[update.user] = client.loop.create_future()
        handled = waiting[update.user]
        await client.handle_updates(update.content)
        await handled

    await client.begin()
    try:
        yield Bot(_update, handle, orders)
    finally:
        await client.stop()
