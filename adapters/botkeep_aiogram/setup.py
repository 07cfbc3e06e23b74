"""Everything at once, for a dispatcher that is there already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

from aiogram import Dispatcher

from botkeep import BaseStorage
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

    The storage is opened as the dispatcher starts up and stopped as it shuts down.

    Args:
        dispatcher: aiogram's; whatever storage and isolation it had is replaced.
        storage: where to keep the dialogues.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten; None:
            never.
        across_processes: one user's updates wait for each other in all processes, not in this one alone.
        ordered: updates of one dialogue are handled one after another, in the order they came; photos of one
            album together. False: at the same time, as aiogram does. A function of the message (or callback
            query, ...): whether this one waits for those before it.
    """
    decide = ordered if callable(ordered) else lambda _: bool(ordered)
    dispatcher.fsm.storage = BotkeepStorage(storage, idle_ttl=idle_ttl)
    dispatcher.fsm.events_isolation = BotkeepEventIsolation(storage if across_processes else None)
    _register_first(dispatcher, UpdateMiddleware(dispatcher, storage, decide))

    # A storage that cannot be opened is better known before the first update than by it.
    @dispatcher.startup()
    async def open_storage() -> None:
        accept_own_states(dispatcher)
        await storage.start()


def _register_first(dispatcher: Dispatcher, middleware: UpdateMiddleware) -> None:
    """Put a middleware in front of aiogram's dialogues, behind what tells it the event's context."""
    manager = dispatcher.update.outer_middleware
    present: list[Any] = list(manager)
    behind = present[present.index(dispatcher.fsm) :] if dispatcher.fsm in present else []
    for one in behind:
        manager.unregister(one)
    for one in [middleware, *behind]:
        manager.register(one)
