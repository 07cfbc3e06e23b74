"""Everything at once, for a bot that is there already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias, overload

from telebot import TeleBot
from telebot.async_telebot import AsyncTeleBot

from botkeep import BaseStorage
from botkeep.abc import check_storage
from botkeep.fsm import AlbumOrdering
from botkeep_telebot.asynchronous import AsyncHandling
from botkeep_telebot.states import BotkeepStateStorage
from botkeep_telebot.sync_states import BotkeepSyncStateStorage
from botkeep_telebot.synchronous import SyncHandling

Ordered: TypeAlias = "bool | Callable[[Any], bool]"


@overload
def setup_botkeep(
    bot: AsyncTeleBot,
    storage: BaseStorage,
    *,
    idle_ttl: float | timedelta | None = None,
    across_processes: bool = False,
    ordered: Ordered = True,
) -> BotkeepStateStorage: ...


@overload
def setup_botkeep(
    bot: TeleBot,
    storage: BaseStorage,
    *,
    idle_ttl: float | timedelta | None = None,
    across_processes: bool = False,
    ordered: Ordered = True,
) -> BotkeepSyncStateStorage: ...


def setup_botkeep(
    bot: AsyncTeleBot | TeleBot,
    storage: BaseStorage,
    *,
    idle_ttl: float | timedelta | None = None,
    across_processes: bool = False,
    ordered: Ordered = True,
) -> BotkeepStateStorage | BotkeepSyncStateStorage:
    """Keep a bot's dialogues in a storage, its users' updates in order, and `botkeep.user` known.

    An error of one update, be it the storage's, goes to the bot's exception handler, and the next update is
    handled. The storage is opened as polling begins, or by the first use, and stopped as polling ends.

    Args:
        bot: pyTelegramBotAPI's, of either kind; whatever state storage it had is replaced.
        storage: where to keep the dialogues. A synchronous bot has it for itself: no event loop may use it.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten; None:
            never.
        across_processes: one user's updates wait for each other in all processes, not in this one alone.
        ordered: updates of one dialogue are handled one after another, in the order they came; photos of one
            album together. False: at the same time, as pyTelegramBotAPI does. A function of the message (or
            callback query, ...): whether this one waits for those before it.

    Returns:
        What has taken the place of ``bot.current_states``.

    Raises:
        TypeError: this is no bot, or no storage.
    """
    if not isinstance(bot, (AsyncTeleBot, TeleBot)):
        raise TypeError(f"bot must be pyTelegramBotAPI's AsyncTeleBot or TeleBot, not {bot!r}")
    check_storage(storage)
    decide = ordered if callable(ordered) else lambda _: bool(ordered)
    ordering = AlbumOrdering(storage if across_processes else None)
    if isinstance(bot, AsyncTeleBot):
        states = bot.current_states = BotkeepStateStorage(storage, idle_ttl=idle_ttl)
        AsyncHandling(bot, storage, ordering, decide).install()
        return states
    sync_states = bot.current_states = BotkeepSyncStateStorage(storage, idle_ttl=idle_ttl)
    SyncHandling(bot, storage, ordering if across_processes else None, decide).install()
    return sync_states
