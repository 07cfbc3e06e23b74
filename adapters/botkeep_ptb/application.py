"""An application that keeps order, knows its user, and has written what an update changed when it is done."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from telegram import Update
from telegram.ext import BaseHandler
from typing_extensions import override

from botkeep import BaseStorage, BotkeepError, Ordering, StorageError, acting_user
from botkeep.ambient import inherited_user
from botkeep.cancellation import run_handler
from botkeep.telegram import chat_move
from botkeep_ptb.callback_contexts import extend_contexts
from botkeep_ptb.conversations import warn_of_forgetful
from botkeep_ptb.migration import MovesChats
from botkeep_ptb.persistence import BotkeepPersistence
from botkeep_ptb.subjects import album_of, subject_of
from botkeep_ptb.update_order import UpdateOrder


class BotkeepApplication(MovesChats):
    """python-telegram-bot's application, around each update and each job.

    - `botkeep.user` is who speaks in the update, or whom the job is for (its ``user_id``).
    - Updates of one user are handled one after another, also under ``concurrent_updates``; the pictures of an
      album together.
    - What handlers changed is written before the update counts as done, not at the next interval.
    - What goes wrong around a handler goes to the error handlers, as what goes wrong in it does.
    - When a group becomes a supergroup, what is kept of it moves along.
    - A handler with ``block=False`` is not waited for, as python-telegram-bot has it: the next update of its
      user may begin before it ends. What it changed is written when it ends.

    Made by `setup_botkeep`.

    Args:
        storage: where dialogues of `botkeep.fsm` are, to be moved.
        ordering: makes updates wait for each other; None: they do not.
        ordered: whether this update waits for those before it, and those after it wait for this one.
        settings: python-telegram-bot's own.
    """

    __slots__ = ("_order", "_ordered", "_storage", "_updating", "_writing")

    def __init__(
        self,
        *,
        storage: BaseStorage,
        ordering: Ordering | None,
        ordered: Callable[[Update], bool] = lambda _: True,
        **settings: Any,
    ) -> None:
        settings["context_types"] = extend_contexts(settings["context_types"])
        super().__init__(**settings)
        self._storage = storage
        self._order = None if ordering is None else UpdateOrder(ordering)
        self._ordered = ordered
        self._updating: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        self._writing: set[asyncio.Task[Any]] = set()
        if isinstance(self.persistence, BotkeepPersistence):
            self.persistence.use_context_types(self.context_types)

    @override
    async def initialize(self) -> None:
        try:
            await super().initialize()
        except BaseException:
            if self.persistence is not None:
                with contextlib.suppress(StorageError):
                    await self.persistence.flush()
            raise
        warn_of_forgetful(handler for group in self.handlers.values() for handler in group)

    @override
    async def shutdown(self) -> None:
        while self._writing:
            await asyncio.wait(self._writing)
        await super().shutdown()

    @override
    def add_handler(self, handler: BaseHandler[Any, Any, Any], group: int = 0) -> None:
        super().add_handler(handler, group)
        if self._initialized:
            warn_of_forgetful([handler])

    @override
    async def process_update(self, update: object) -> None:
        self._check_initialized()
        self._updating.add(_current_task())
        speaker = subject_of(update, self.bot.id).user_id if isinstance(update, Update) else None
        with acting_user(speaker):
            try:
                async with self._in_order(update, speaker):
                    try:
                        # In the message of either chat, its handlers find what is kept.
                        await self._move_if_migrated(update, "migrate_from_chat_id")
                        await self._handle(update)
                        await self._move_if_migrated(update, "migrate_to_chat_id")
                    finally:
                        await self.update_persistence()
            except Exception as exc:  # noqa: BLE001 # out of here it would end the fetcher of updates
                # The handlers' own errors were dealt with: this is a cancellation, or one of the lock, say.
                await self.process_error(update, exc)

    @override
    def create_task(self, coroutine: Any, update: object | None = None, *, name: str | None = None) -> Any:
        if isinstance(update, Update):
            # A handler that is not waited for goes on when the update's own block has ended.
            with inherited_user(subject_of(update, self.bot.id).user_id):
                task = super().create_task(coroutine, update, name=name)
        else:
            task = super().create_task(coroutine, update, name=name)
        if update is not None:
            task.add_done_callback(self._write_soon)
        return task

    @asynccontextmanager
    async def _in_order(self, update: object, speaker: int | None) -> AsyncIterator[None]:
        """Wait until no earlier update of who speaks is handled, if that is asked for."""
        if self._order is None or speaker is None or not isinstance(update, Update):
            yield
        elif self._ordered(update):
            async with self._order.of(f"ptb/{self.bot.id}/{speaker}", album_of(update)):
                yield
        else:
            yield

    async def _handle(self, update: object) -> None:
        try:
            await run_handler(super().process_update(update))
        except BaseException:
            # python-telegram-bot did not come to mark what handlers have changed until then.
            if isinstance(update, Update):
                chat, user = update.effective_chat, update.effective_user
                self.mark_data_for_update_persistence(
                    chat_ids=None if chat is None else chat.id, user_ids=None if user is None else user.id
                )
            raise

    async def _move_if_migrated(self, update: object, told_by: str) -> None:
        message = update.message if isinstance(update, Update) else None
        move = chat_move(message)
        if move is None or getattr(message, told_by) is None:
            return
        try:
            await self.move_chat(self._storage, *move)
        except BotkeepError as exc:
            await self.process_error(update, exc)

    def _write_soon(self, task: asyncio.Task[Any]) -> None:
        """Write what a task has changed, unless it was an update's, which has seen to it itself."""
        if task not in self._updating:
            writing = asyncio.ensure_future(self.update_persistence())
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task
