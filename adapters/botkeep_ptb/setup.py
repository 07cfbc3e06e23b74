"""Everything at once, for an application that is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from telegram import Update
from telegram.ext import ApplicationBuilder

from botkeep import BaseStorage, Ordering
from botkeep_ptb.application import BotkeepApplication
from botkeep_ptb.persistence import BotkeepPersistence

Ordered: TypeAlias = "bool | Callable[[Update], bool]"


def setup_botkeep(
    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any],
    storage: BaseStorage,
    *,
    persistence: BotkeepPersistence | None = None,
    ordered: Ordered = True,
    across_processes: bool = False,
) -> ApplicationBuilder[Any, Any, Any, Any, Any, Any]:
    """Make an application keep everything in a storage; returns the builder.

    Args:
        builder: ``Application.builder()...``.
        storage: where to keep it; opened and stopped with the application.
        persistence: one of your own making, on the same storage; None: a `BotkeepPersistence`.
        ordered: one user's updates are handled one after another. A handler that waits for the same user's
            next message then waits for itself: give such a handler ``block=False``, or leave order out.
            False: at the same time, if ``concurrent_updates`` says so. A function of the update: whether this
            one waits for those before it.
        across_processes: one user's updates wait for each other in all processes, not in this one alone.

    Raises:
        ValueError: an order across processes, and none.
    """
    if across_processes and not ordered:
        raise ValueError(
            "across_processes=True says where updates wait for each other; ordered=False, not to"
        )
    settings: dict[str, Any] = {"storage": storage, "ordering": None}
    if ordered:
        settings["ordering"] = Ordering(storage if across_processes else None)
    if callable(ordered):
        settings["ordered"] = ordered
    application = builder.application_class(BotkeepApplication, settings)
    return application.persistence(persistence or BotkeepPersistence(storage))
