"""Who an update of python-telegram-bot is about."""

from __future__ import annotations

from telegram import Chat, Message, Update

from botkeep import Subject, speaker_id
from botkeep.telegram import booster_id


def subject_of(update: Update, bot_id: int) -> Subject:
    """Return the ids of an update, of whatever kind.

    Who speaks is decided by `botkeep.speaker_id`: python-telegram-bot's ``effective_sender``.

    Args:
        update: a message, a callback query, a reaction, or any other.
        bot_id: the id of the bot that got it.
    """
    chat, user, sender = update.effective_chat, update.effective_user, update.effective_sender
    message = _message_of(update)
    in_topic = message is not None and message.is_topic_message
    return Subject(
        bot_id,
        chat_id=None if chat is None else chat.id,
        user_id=speaker_id(
            booster_id(update.chat_boost or update.removed_chat_boost) if user is None else user.id,
            sender.id if isinstance(sender, Chat) else None,
        ),
        thread_id=message.message_thread_id if message is not None and in_topic else None,
        business_connection_id=_business_connection_of(update, message),
    )


def album_of(update: Update) -> str | None:
    """Return the id of the album that a new message is a picture of; None: it is none."""
    message = update.message or update.channel_post or update.business_message
    return None if message is None else message.media_group_id


def _message_of(update: Update) -> Message | None:
    message = update.effective_message
    return message if isinstance(message, Message) else None


def _business_connection_of(update: Update, message: Message | None) -> str | None:
    if update.business_connection is not None:
        return update.business_connection.id
    if update.deleted_business_messages is not None:
        return update.deleted_business_messages.business_connection_id
    return None if message is None else message.business_connection_id
