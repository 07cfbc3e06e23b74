"""Everything at once, for a dispatcher that is there already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

from aiogram import Dispatcher
from typing_extensions import override

from botkeep import BaseStorage
from botkeep.abc import check_storage
from botkeep.sharing import start_for
from botkeep_aiogram.handling import UpdateMiddleware
from botkeep_aiogram.isolation import BotkeepEventIsolation
from botkeep_aiogram.state_filters import accept_own_states
from botkeep_aiogram.storage import BotkeepStorage

Ordered: TypeAlias = "bool | Callable[[Any], bool]"


def setup_botkeep(
    dispatcher: Dispatcher,
    storage: BaseStorage,
    *,
    idle_ttl: float | timedelta | None = None,
    across_processes: bool = False,
    ordered: Ordered = True,
) -> None:
    """Keep a dispatcher's dialogues in a storage, its users' updates in order, and `botkeep.user` known.

    The storage is opened as the dispatcher starts up. As it shuts down, handlers that still run get ten
    seconds; then the storage is stopped.

    Args:
        dispatcher: aiogram's; whatever storage and isolation it had is replaced.
        storage: where to keep the dialogues.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten; None:
            never.
        across_processes: one user's updates wait for each other in all processes, not in this one alone.
        ordered: updates of one dialogue are handled one after another, in the order they came; photos of one
            album together. False: at the same time, as aiogram does. A function of the message (or callback
            query, ...): whether this one waits for those before it.

    Raises:
        TypeError: this is no dispatcher, or no storage.
    """
    if not isinstance(dispatcher, Dispatcher):
        raise TypeError(f"dispatcher must be aiogram's Dispatcher, not {dispatcher!r}")
    check_storage(storage)
    decide = ordered if callable(ordered) else lambda _: bool(ordered)
    middleware = UpdateMiddleware(dispatcher, storage, decide)
    dispatcher.fsm.storage = _DispatcherStorage(storage, middleware, idle_ttl=idle_ttl)
    dispatcher.fsm.events_isolation = BotkeepEventIsolation(storage if across_processes else None)
    _register_first(dispatcher, middleware)
    dispatcher.stop_polling = middleware.stop_polling  # type: ignore[method-assign] # this dispatcher's

    # A storage that cannot be opened is better known before the first update than by it.
    @dispatcher.startup()
    async def open_storage() -> None:
        accept_own_states(dispatcher)
        await start_for(storage, dispatcher.fsm.storage)


class _DispatcherStorage(BotkeepStorage):
    """The storage of one dispatcher, which closes it first of all as it shuts down."""

    def __init__(
        self, storage: BaseStorage, middleware: UpdateMiddleware, *, idle_ttl: float | timedelta | None
    ) -> None:
        super().__init__(storage, idle_ttl=idle_ttl)
        self._middleware = middleware

    @override
    async def close(self) -> None:
        await self._middleware.drain()
        await super().close()


def _register_first(dispatcher: Dispatcher, middleware: UpdateMiddleware) -> None:
    """Put a middleware in front of aiogram's dialogues, behind what tells it the event's context."""
    manager = dispatcher.update.outer_middleware
    present: list[Any] = list(manager)
    behind = present[present.index(dispatcher.fsm) :] if dispatcher.fsm in present else []
    for one in behind:
        manager.unregister(one)
    for one in [middleware, *behind]:
        manager.register(one)
