"""Dialogues of `botkeep.fsm` in handlers of python-telegram-bot, beside its own conversations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from telegram import Update

from botkeep import BaseStorage, FSMContext, KeyStrategy, StatesGroup
from botkeep_ptb.subjects import subject_of


def fsm_context(
    storage: BaseStorage,
    update: Update,
    *,
    strategy: KeyStrategy | str = KeyStrategy.USER_IN_CHAT,
    destiny: str = "default",
    states: type[StatesGroup] | Iterable[type[StatesGroup]] | None = None,
    idle_ttl: float | timedelta | None = None,
    history: int = 0,
) -> FSMContext:
    """Return the dialogue that an update belongs to, as every other adapter finds it.

    Args:
        storage: where dialogues are kept; the one that `setup_botkeep` was given, say.
        update: a message, a callback query, or any other update of a user or a chat.
        strategy: who shares a dialogue.
        destiny: tells dialogues of one user in one chat apart.
        states: the groups whose states may be entered; None: any.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten; None:
            never.
        history: how many of the last states to remember.

    Raises:
        ValueError: the update belongs to no dialogue: it has neither a user nor a chat. Or an unknown
            strategy.
    """
    key = subject_of(update, update.get_bot().id).state_key(strategy, destiny=destiny)
    if key is None:
        raise ValueError(f"an update without a user or a chat belongs to no dialogue: {update}")
    return FSMContext(storage, key, states=states, idle_ttl=idle_ttl, history=history)
