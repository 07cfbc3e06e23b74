"""Around each update of an asynchronous bot: its user, its order, its errors, and the storage's life."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from telebot import types
from telebot.async_telebot import AsyncTeleBot

from botkeep import BaseStorage, acting_user
from botkeep.cancellation import run_handler
from botkeep.fsm import AlbumOrdering, move_dialogues
from botkeep.sharing import start_for, stop_for
from botkeep.telegram import chat_move
from botkeep_telebot.handling import handled, handled_event, report
from botkeep_telebot.subjects import event_of

DRAIN_SECONDS: Final = 10.0
"""How long the end of polling waits for handlers that still run, before the storage is stopped."""


class AsyncHandling:
    """What `setup_botkeep` puts around an ``AsyncTeleBot``'s methods.

    Args:
        bot: the bot.
        storage: opened and stopped with the bot.
        ordering: who waits for whom.
        decide: whether an event waits for those before it.
    """

    def __init__(
        self,
        bot: AsyncTeleBot,
        storage: BaseStorage,
        ordering: AlbumOrdering,
        decide: Callable[[Any], bool],
    ) -> None:
        self._bot = bot
        self._storage = storage
        self._ordering = ordering
        self._decide = decide
        self._running: set[asyncio.Task[Any]] = set()
        self._process = bot.process_new_updates
        self._close_session = bot.close_session

    def install(self) -> None:
        """Put it around: pyTelegramBotAPI looks these methods up on the bot each time it calls them."""
        self._bot.process_new_updates = self.process_new_updates  # type: ignore[method-assign] # this bot's
        self._bot.close_session = self.close  # type: ignore[method-assign] # this bot's
        for name in ("polling", "infinity_polling", "run_webhooks"):
            setattr(self._bot, name, self._opening(getattr(self._bot, name)))

    async def process_new_updates(self, updates: list[types.Update]) -> None:
        """Handle each update apart from the others, so that none fails, or waits, with another."""
        await asyncio.gather(*(self._handle(update) for update in updates))

    async def _handle(self, update: types.Update) -> None:
        try:
            await run_handler(self._handle_counted(update))
        except Exception as exc:  # noqa: BLE001 # whatever it is, it is this update's alone
            await report(self._bot, exc)

    async def _handle_counted(self, update: types.Update) -> None:
        task = asyncio.current_task()
        assert task is not None  # this is a coroutine
        self._running.add(task)
        try:
            await self._handle_in_order(update)
        finally:
            self._running.discard(task)

    async def _handle_in_order(self, update: types.Update) -> None:
        event = event_of(update)
        current = handled_event(event, self._bot.bot_id, ordered=event is not None and self._decide(event))
        # A webhook's server feeds the bot without any of the methods that open the storage.
        self._storage.users.add(self)
        async with AsyncExitStack() as around:
            if current.ordered and current.key is not None:
                await around.enter_async_context(self._ordering.of(current.key, current.album))
            around.enter_context(acting_user(current.subject.user_id))
            handled.set(current)
            move = chat_move(event)
            if move is not None:
                await move_dialogues(self._storage, current.subject.bot_id, *move)
            await self._process([update])

    async def close(self) -> None:
        """Wait for the handlers that still run, stop the storage, and close the bot's session."""
        others = self._running - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=DRAIN_SECONDS)
        await stop_for(self._storage, self)
        await self._close_session()  # type: ignore[no-untyped-call] # the framework's own

    def _opening(self, method: Callable[..., Any]) -> Callable[..., Any]:
        # A storage that cannot be opened is better known before the first update than by it.
        @functools.wraps(method)
        async def opened(*arguments: Any, **settings: Any) -> Any:
            await start_for(self._storage, self)
            return await method(*arguments, **settings)

        return opened
