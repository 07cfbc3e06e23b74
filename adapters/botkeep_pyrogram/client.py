"""The client: the framework's own, with a storage for dialogues beside its MTProto session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

import pyrogram
from pyrogram.sync import async_to_sync

from botkeep import BaseStorage, FSMContext, KeyStrategy, StatesGroup
from botkeep.sharing import start_for, stop_for
from botkeep_pyrogram.cancellation import resilient
from botkeep_pyrogram.middlewares import Middleware, wrap
from botkeep_pyrogram.queues import OrderedUpdateQueue, UpdateQueue, current_delivery
from botkeep_pyrogram.subjects import subject_of
from botkeep_pyrogram.supergroups import follow_supergroups

Hook = TypeVar("Hook", bound=Callable[[Any], Awaitable[object]])
Around = TypeVar("Around", bound=Middleware)


class BotkeepMixin:
    """What `Client` adds to ``pyrogram.Client``; mix it into a client class of your own, in front of it.

    ``client.storage`` stays the MTProto session; the storage for dialogues is ``client.botkeep``. It is
    opened before the client starts, and stopped when all handlers have ended.

    Args:
        name: the session's name, as for every client.
        storage: where dialogues are kept.
        strategy: who shares a dialogue: see `botkeep.KeyStrategy`.
        ordered: updates of one user are handled one after another, those of others meanwhile. The order spans
            filters too: what a handler has done, the filters of the next update see. The parts of an album
            are handled together. False: no update waits for another.
        settings: for ``pyrogram.Client``.

    Attributes:
        botkeep: the storage.
        strategy: who shares a dialogue.
        middlewares: what is put around every handler, the outermost first.
    """

    dispatcher: Any

    def __init__(
        self,
        name: str,
        *arguments: Any,
        storage: BaseStorage,
        strategy: KeyStrategy | str = KeyStrategy.USER_IN_CHAT,
        ordered: bool = True,
        **settings: Any,
    ) -> None:
        if not isinstance(storage, BaseStorage):
            raise TypeError(
                f"storage must be a Botkeep storage, such as SQLiteStorage('fsm.db'), not {storage!r}; "
                "the MTProto session is named by the client's other arguments"
            )
        super().__init__(name, *arguments, **settings)  # type: ignore[call-arg] # the client's, when mixed in
        self.botkeep = storage
        self.strategy = KeyStrategy(strategy)
        self.middlewares: list[Middleware] = []
        self._on_startup: list[Callable[[Any], Awaitable[object]]] = []
        self._on_shutdown: list[Callable[[Any], Awaitable[object]]] = []
        self.dispatcher.updates_queue = OrderedUpdateQueue() if ordered else UpdateQueue()
        self.dispatcher.handler_worker = resilient(self.dispatcher.handler_worker)
        follow_supergroups(self)

    def fsm(
        self,
        update: Any,
        *,
        strategy: KeyStrategy | str | None = None,
        states: type[StatesGroup] | Iterable[type[StatesGroup]] | None = None,
        idle_ttl: float | timedelta | None = None,
        history: int = 0,
    ) -> FSMContext:
        """Return the dialogue that an update belongs to.

        Args:
            update: a message, a callback query, or any other update of a user or a chat.
            strategy: another one than the client's.
            states: as for `FSMContext`; so are the next two.
            idle_ttl: seconds after its last change until the dialogue is forgotten; None: it is kept.
            history: how many of its states are remembered.

        Raises:
            ValueError: the update belongs to no dialogue: it has neither a user nor a chat.
            RuntimeError: the client has not started: it does not know yet who it is.
        """
        key = subject_of(self, update).state_key(self.strategy if strategy is None else strategy)
        if key is None:
            raise ValueError(f"a {type(update).__name__} without a user or a chat belongs to no dialogue")
        return FSMContext(self.botkeep, key, states=states, idle_ttl=idle_ttl, history=history)

    def release_order(self) -> None:
        """End the order for the running handler: the same user's next updates are handled meanwhile.

        For a handler that waits for the user's next message: with ``ordered=True`` that message would wait
        for the handler, and the handler for the message. To be called before it waits.

        Raises:
            RuntimeError: no handler of this client is running.
        """
        delivery = current_delivery()
        if delivery is None:
            raise RuntimeError("release_order is for handlers, and none is running here")
        delivery.release()

    def middleware(self, around: Around) -> Around:
        """Add a middleware, ``async def around(call_next, client, update)``; usable as a decorator.

        It calls ``await call_next(client, update)``, or does not. The first one added is the outermost.
        """
        self.middlewares.append(around)
        return around

    def on_startup(self, hook: Hook) -> Hook:
        """Call ``await hook(client)`` once the client has started; usable as a decorator."""
        self._on_startup.append(hook)
        return hook

    def on_shutdown(self, hook: Hook) -> Hook:
        """Call ``await hook(client)`` before the client stops; usable as a decorator."""
        self._on_shutdown.append(hook)
        return hook

    def add_handler(self, handler: Any, group: int = 0) -> Any:
        """As in pyrogram; decorators and plugins come through here too."""
        wrap(handler)
        return super().add_handler(handler, group)  # type: ignore[misc] # the client's own

    async def start(self, *arguments: Any, **settings: Any) -> Any:
        """As in pyrogram, with the storage opened first."""
        is_new = await start_for(self.botkeep, self)
        try:
            await super().start(*arguments, **settings)  # type: ignore[misc] # the client's own
        except BaseException:
            # A client that runs refuses to be started, and goes on.
            if is_new:
                await stop_for(self.botkeep, self)
            raise
        try:
            for hook in self._on_startup:
                await hook(self)
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self, *arguments: Any, **settings: Any) -> Any:
        """As in pyrogram, which lets the handlers end, and the storage stopped last."""
        try:
            for hook in self._on_shutdown:
                await hook(self)
        finally:
            try:
                await super().stop(*arguments, **settings)  # type: ignore[misc] # the client's own
            finally:
                await stop_for(self.botkeep, self)
        return self


# pyrogram lets its methods be called without await where no event loop runs.
for _method in ("start", "stop"):
    async_to_sync(BotkeepMixin, _method)  # type: ignore[no-untyped-call] # the framework's own


class Client(BotkeepMixin, pyrogram.Client):  # type: ignore[misc] # the framework contradicts itself
    """``Client("my_bot", ..., storage=SQLiteStorage("fsm.db"))``: see `BotkeepMixin`."""
