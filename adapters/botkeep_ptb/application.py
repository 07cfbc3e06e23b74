"""An application that keeps order, knows its user, and has written what an update changed when it is done."""

from __future__ import annotations

from typing import Any

from telegram import Update
from telegram.ext import Application, ApplicationBuilder
from typing_extensions import override

from botkeep import BaseStorage, acting_user
from botkeep.fsm.ordering import Ordering
from botkeep_ptb.persistence import BotkeepPersistence


class BotkeepApplication(Application[Any, Any, Any, Any, Any, Any]):
    """python-telegram-bot's application, around each update.

    - `botkeep.user` is the user behind the update.
    - Updates of one user are handled one after another, also under ``concurrent_updates``.
    - What handlers changed is written before the update counts as done, not at the next interval.

    Made by `setup_botkeep`.
    """

    __slots__ = ("_ordering",)

    def __init__(self, *, ordering: Ordering, **settings: Any) -> None:
        super().__init__(**settings)
        self._ordering = ordering

    @override
    async def process_update(self, update: object) -> None:
        user = update.effective_user if isinstance(update, Update) else None
        with acting_user(None if user is None else user.id):
            if user is None:
                await self._process(update)
            else:
                async with self._ordering.of(f"ptb/{self.bot.id}/{user.id}"):
                    await self._process(update)

    async def _process(self, update: object) -> None:
        try:
            await super().process_update(update)
        finally:
            await self.update_persistence()


def setup_botkeep(
    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any],
    storage: BaseStorage,
    *,
    persistence: BotkeepPersistence | None = None,
    across_processes: bool = False,
) -> ApplicationBuilder[Any, Any, Any, Any, Any, Any]:
    """Let an application keep everything in a storage; returns the builder.

    Args:
        builder: ``Application.builder()...``.
        storage: where to keep it; opened and stopped with the application.
        persistence: one of your own making, on the same storage.
        across_processes: one user's updates wait for each other in all processes, not in this one alone.
    """
    ordering = Ordering(storage if across_processes else None)
    return builder.application_class(BotkeepApplication, {"ordering": ordering}).persistence(
        persistence or BotkeepPersistence(storage)
    )
