"""Dialogues: the context of an interaction, or of a prefix command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botkeep import FSMContext
from botkeep.fsm import KeyStrategy, state_key
from botkeep_discord.interactions.sources import channel_id_of, client_of, user_of
from botkeep_discord.persistence import persistence_of

if TYPE_CHECKING:
    from botkeep_discord.interactions.sources import Use


def fsm_context(
    use: Use,
    *,
    strategy: KeyStrategy | str = KeyStrategy.USER_IN_CHAT,
    destiny: str = "default",
    **options: Any,
) -> FSMContext:
    """Return the dialogue that an interaction or a prefix command belongs to.

    Args:
        use: an interaction (command, component, modal), or a context.
        strategy: who shares a dialogue. A chat is a channel; a thread is a channel of its own.
        destiny: tells dialogues of one user in one channel apart.
        options: ``states``, ``idle_ttl`` and ``history`` of `botkeep.FSMContext`.

    Raises:
        NotSetUpError: `setup_persistence` was not called for the client.
        ValueError: an unknown strategy.
    """
    client = client_of(use)
    persistence = persistence_of(client)
    key = state_key(
        strategy,
        bot_id=client.user.id,
        chat_id=channel_id_of(use),
        user_id=user_of(use).id,
        destiny=destiny,
    )
    assert key is not None, "every use has a user"
    return FSMContext(persistence.storage, key, **options)
