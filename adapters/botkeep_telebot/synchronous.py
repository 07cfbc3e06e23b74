"""Around each update of a synchronous bot: its user, its order, its errors, and the storage's life."""

from __future__ import annotations

import contextvars
import functools
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from telebot import TeleBot, types

from botkeep import BaseStorage, DeadlockError, acting_user
from botkeep.fsm import AlbumOrdering, move_dialogues
from botkeep.telegram import chat_move
from botkeep_telebot.background import close_loop_of, loop_of
from botkeep_telebot.handling import Handled, handled, handled_event, report_synchronously
from botkeep_telebot.queues import DialogueQueues
from botkeep_telebot.subjects import event_of

DRAIN_SECONDS: Final = 10.0
"""How long the end of polling waits for handlers that still run, before the storage is stopped."""


class SyncHandling:
    """What `setup_botkeep` puts around a ``TeleBot``'s methods and its pool of threads.

    A thread handles an update only when those before it are done: none stands still meanwhile.

    Args:
        bot: the bot.
        storage: opened and stopped with the bot.
        ordering: who waits for whom among several processes; None: this process is alone.
        decide: whether an event waits for those before it.
    """

    def __init__(
        self,
        bot: TeleBot,
        storage: BaseStorage,
        ordering: AlbumOrdering | None,
        decide: Callable[[Any], bool],
    ) -> None:
        self._bot = bot
        self._storage = storage
        self._ordering = ordering
        self._decide = decide
        self._process = bot.process_new_updates
        self._stop = bot.stop_bot
        self._pool: Any = bot.worker_pool if bot.threaded else None
        self._queues = None if self._pool is None else DialogueQueues(self._pool.put)

    def install(self) -> None:
        """Put it around: pyTelegramBotAPI looks these up on the bot each time it uses them."""
        self._bot.process_new_updates = self.process_new_updates  # type: ignore[method-assign] # this bot's
        self._bot.stop_bot = self.stop_bot  # type: ignore[method-assign] # this bot's
        for name in ("polling", "run_webhooks"):
            setattr(self._bot, name, self._opening(getattr(self._bot, name)))
        if self._queues is not None:
            pool: Any = _OrderedPool(self._pool, self._put)
            self._bot.worker_pool = pool

    def process_new_updates(self, updates: list[types.Update]) -> None:
        """Handle each update apart from the others; with threads, in these."""
        # The next request asks for what comes after it: what a thread has yet to handle must not come again.
        self._bot.last_update_id = max([self._bot.last_update_id or 0, *(one.update_id for one in updates)])
        for update in updates:
            contextvars.copy_context().run(self._begin, update)

    def _begin(self, update: types.Update) -> None:
        outer = handled.get()
        try:
            event = event_of(update)
            ordered = event is not None and self._decide(event)
            current = handled_event(event, self._bot.bot_id, ordered=ordered)
        except (Exception, CancelledError) as exc:  # noqa: BLE001 # whatever it is, it is this update's alone
            report_synchronously(self._bot, exc)
            return
        handled.set(current)
        if self._queues is None:
            self._handle(update, event, current, outer)
            return
        # All of it, not the handler's call alone: which handler it is may depend on what the one before does.
        work = functools.partial(self._handle_in_thread, update, event, current)
        inside = functools.partial(contextvars.copy_context().run, work)
        self._queues.put(current.key if current.ordered else None, current.album, inside)

    def _handle_in_thread(self, update: types.Update, event: Any, current: Handled) -> None:
        with self._reporting(BaseException):  # What is no Exception would end a thread of the pool.
            self._handle(update, event, current, None)

    def _handle(self, update: types.Update, event: Any, current: Handled, outer: Handled | None) -> None:
        with self._reporting(Exception, CancelledError), ExitStack() as around:
            self._enter(around, current, outer)
            move = chat_move(event)
            if move is not None:
                moving = move_dialogues(self._storage, current.subject.bot_id, *move)
                loop_of(self._storage).run(moving)
            self._process([update])

    def _put(self, task: Callable[..., Any], *arguments: Any, **settings: Any) -> None:
        """Call a handler where its update is handled; give other work to a thread."""
        if handled.get() is None:
            self._pool.put(task, *arguments, **settings)
            return
        with self._reporting(BaseException):
            task(*arguments, **settings)

    @contextmanager
    def _reporting(self, *kinds: type[BaseException]) -> Iterator[None]:
        """Report an error of the block: it is one update's alone."""
        try:
            yield
        except kinds as exc:
            report_synchronously(self._bot, exc)

    def _enter(self, around: ExitStack, current: Handled, outer: Handled | None) -> None:
        if self._ordering is not None and current.ordered and current.key is not None:
            if outer is not None and outer.key == current.key:
                raise DeadlockError(current.key.identifier)
            block = self._ordering.of(current.key, current.album)
            around.enter_context(loop_of(self._storage).inside(block))
        around.enter_context(acting_user(current.subject.user_id))

    def stop_bot(self) -> None:
        """Stop the bot, which waits for its threads, then the storage."""
        self._stop()  # type: ignore[no-untyped-call] # the framework's own
        # A handler that stops the bot is not done yet: the end of polling stops the storage then.
        if handled.get() is None:
            close_loop_of(self._storage)

    def _opening(self, method: Callable[..., Any]) -> Callable[..., Any]:
        # A storage that cannot be opened is better known before the first update than by it.
        @functools.wraps(method)
        def opened(*arguments: Any, **settings: Any) -> Any:
            loop_of(self._storage).run(self._storage.start())
            try:
                return method(*arguments, **settings)
            finally:
                if self._queues is not None:
                    self._queues.drain(DRAIN_SECONDS)
                close_loop_of(self._storage)

        return opened


class _OrderedPool:
    """A bot's pool of threads, whose threads call handlers themselves."""

    def __init__(self, pool: Any, put: Callable[..., None]) -> None:
        self._pool = pool
        self.put = put

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)
