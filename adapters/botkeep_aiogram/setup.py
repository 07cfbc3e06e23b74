"""Everything at once, for a dispatcher that is there already."""

from __future__ import annotations

from typing import Any

from aiogram import BaseMiddleware, Dispatcher
from aiogram.types import TelegramObject
from typing_extensions import override

from botkeep import BaseStorage, acting_user
from botkeep_aiogram.limits import Handler
from botkeep_aiogram.storage import BotkeepEventIsolation, BotkeepStorage


class UserScopeMiddleware(BaseMiddleware):
    """Makes `botkeep.user` the user whom the update comes from; an outer middleware of updates."""

    @override
    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        with acting_user(data["event_context"].user_id):
            return await handler(event, data)


def setup_botkeep(
    dispatcher: Dispatcher,
    storage: BaseStorage,
    *,
    idle_ttl: float | None = None,
    across_processes: bool = False,
) -> None:
    """Keep a dispatcher's dialogues in a storage, its users' updates in order, and `botkeep.user` known.

    The storage is opened as the dispatcher starts up and stopped as it shuts down.

    Args:
        dispatcher: aiogram's; whatever storage and isolation it had is replaced.
        storage: where to keep the dialogues.
        idle_ttl: seconds after which a dialogue that nobody goes on with is forgotten; None: never.
        across_processes: one user's updates wait for each other in all processes, not in this one alone.
    """
    dispatcher.fsm.storage = BotkeepStorage(storage, idle_ttl=idle_ttl)
    dispatcher.fsm.events_isolation = BotkeepEventIsolation(storage if across_processes else None)
    dispatcher.update.outer_middleware(UserScopeMiddleware())

    # A storage that cannot be opened is better known before the first update than by it.
    @dispatcher.startup()
    async def open_storage() -> None:
        await storage.start()
