"""Around each update: who it is about, its user, its album, and a group that becomes a supergroup."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiogram import BaseMiddleware, Dispatcher
from aiogram.types import TelegramObject
from typing_extensions import override

from botkeep import BaseStorage, acting_user
from botkeep.cancellation import run_handler
from botkeep.fsm import move_dialogues
from botkeep.telegram import chat_move
from botkeep_aiogram.isolation import arriving
from botkeep_aiogram.limits import Handler
from botkeep_aiogram.state_filters import accept_own_states
from botkeep_aiogram.subjects import event_of, speaker_context

DRAIN_SECONDS: Final = 10.0
"""How long a dispatcher that shuts down waits for handlers that still run, before the storage is stopped."""


class UserScopeMiddleware(BaseMiddleware):
    """Makes `botkeep.user` the one who speaks in the update; an outer middleware of updates."""

    @override
    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        with acting_user(speaker_context(event, data["event_context"]).user_id):
            return await handler(event, data)


class UpdateMiddleware(UserScopeMiddleware):
    """What `setup_botkeep` puts in front of aiogram's dialogues.

    Dialogues are of who speaks, as limits and `botkeep.user` are, and move along with a group that becomes a
    supergroup. A handler that was cancelled by itself is an error like any other.

    Args:
        dispatcher: whose updates these are.
        storage: where the dialogues are.
        decide: whether an event waits for those before it.
    """

    def __init__(self, dispatcher: Dispatcher, storage: BaseStorage, decide: Callable[[Any], bool]) -> None:
        self._dispatcher = dispatcher
        self._storage = storage
        self._decide = decide
        self._began = False
        self._stop_polling = dispatcher.stop_polling
        self._running: set[asyncio.Task[Any]] = set()

    @override
    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        if not self._began:
            # At startup, too; but a webhook of one's own may feed a dispatcher that was never started.
            self._began = True
            accept_own_states(self._dispatcher)
        data["event_context"] = speaker_context(event, data["event_context"])
        news = event_of(event)
        move = chat_move(news)
        if move is not None:
            await move_dialogues(self._storage, data["bot"].id, *move)
        with arriving(getattr(news, "media_group_id", None), ordered=news is None or self._decide(news)):
            # aiogram's error handlers get exceptions only, and its polling may end by what is none.
            return await run_handler(self._handle(handler, event, data))

    async def _handle(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        with self._counted():
            return await super().__call__(handler, event, data)

    async def drain(self) -> None:
        """Wait for the handlers that still run, at most `DRAIN_SECONDS`."""
        others = self._running - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=DRAIN_SECONDS)

    async def stop_polling(self) -> None:
        """Stop the dispatcher's polling as it does itself; a handler that calls this is not waited for."""
        self._running.discard(_current_task())
        await self._stop_polling()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        task = _current_task()
        # A handler may feed its dispatcher another update: that is part of the same task.
        outer = task in self._running
        self._running.add(task)
        try:
            yield
        finally:
            if not outer:
                self._running.discard(task)


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None  # this is asynchronous
    return task
