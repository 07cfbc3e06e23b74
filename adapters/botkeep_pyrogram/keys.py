"""Whose update it is: users, chats and topics, where pyrogram and kurigram keep them."""

from __future__ import annotations

from typing import Any

from botkeep import KeyStrategy, StateKey, state_key


def user_of(update: Any) -> int | None:
    """Return the id of who sent an update; for a channel's message the channel's."""
    sender = getattr(update, "from_user", None) or getattr(update, "sender_chat", None)
    return None if sender is None else int(sender.id)


def chat_of(update: Any) -> int | None:
    """Return the id of the chat; a press on a button happens in the chat of the message under it."""
    chat = getattr(update, "chat", None) or getattr(getattr(update, "message", None), "chat", None)
    return None if chat is None else int(chat.id)


def key_of(client: Any, update: Any, strategy: KeyStrategy | str) -> StateKey | None:
    """Return the key of the dialogue that an update belongs to; None: it belongs to none."""
    if client.me is None:
        raise RuntimeError("the client has not started yet, so it does not know which bot it is")
    # Topics and business accounts are kurigram's; pyrogram 2.0.106 has neither.
    message = getattr(update, "message", None) or update
    return state_key(
        strategy,
        bot_id=client.me.id,
        chat_id=chat_of(update),
        user_id=user_of(update),
        thread_id=getattr(message, "message_thread_id", None),
        business_connection_id=getattr(message, "business_connection_id", None),
    )
