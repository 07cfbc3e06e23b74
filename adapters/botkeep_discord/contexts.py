"""Dialogues: the context of an interaction, a message, or a prefix command."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from botkeep import FSMContext
from botkeep.fsm import KeyStrategy
from botkeep_discord.interactions.sources import client_of, subject_of
from botkeep_discord.persistence import persistence_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from typing_extensions import Unpack

    from botkeep.fsm.states import StatesGroupMeta
    from botkeep_discord.interactions.sources import Source


class ContextSettings(TypedDict, total=False):
    """The settings of a `botkeep.FSMContext`."""

    states: StatesGroupMeta | Iterable[StatesGroupMeta] | None
    idle_ttl: float | timedelta | None
    history: int


def fsm_context(
    source: Source,
    *,
    strategy: KeyStrategy | str = KeyStrategy.USER_IN_CHAT,
    destiny: str = "default",
    **settings: Unpack[ContextSettings],
) -> FSMContext:
    """Return the dialogue that an interaction, a message or a prefix command belongs to.

    Args:
        source: an interaction (command, component, modal), a message, or a context.
        strategy: who shares a dialogue. A chat is a channel; a thread is a channel of its own.
        destiny: tells dialogues of one user in one channel apart.
        settings: ``states``, ``idle_ttl`` and ``history`` of `botkeep.FSMContext`.

    Raises:
        NotSetUpError: `setup_persistence` was not called for the client.
        ValueError: an unknown strategy; or the message is a webhook's, which is nobody's, and the strategy
            asks for a user.
    """
    persistence = persistence_of(client_of(source))
    key = subject_of(source).state_key(strategy, destiny=destiny)
    if key is None:
        raise ValueError(f"{source!r} belongs to no dialogue: a webhook has no user")
    return FSMContext(persistence.storage, key, **settings)
