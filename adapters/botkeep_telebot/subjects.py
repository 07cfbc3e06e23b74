"""Whom an update of pyTelegramBotAPI is about."""

from __future__ import annotations

from typing import Any

from telebot import types
from telebot.util import update_types

from botkeep import Subject, speaker_id
from botkeep.telegram import booster_id, sender_chat_id


def event_of(update: types.Update) -> Any:
    """Return what an update brings: the message, the callback query, ...; None: a kind not known here."""
    found = (getattr(update, name, None) for name in update_types)
    return next((event for event in found if event is not None), None)


def subject_of(event: Any, bot_id: int | None) -> Subject:
    """Return the ids of an event, as handlers and middlewares get it.

    Args:
        event: a message, a callback query, an inline query, ...
        bot_id: the bot that got it; None: unknown, which counts as 0.
    """
    # A press on a button happens where the message is under which the button is.
    place = getattr(event, "message", None) or event
    chat = getattr(place, "chat", None)
    in_topic = getattr(place, "is_topic_message", None)
    business = isinstance(event, types.BusinessConnection)
    return Subject(
        bot_id or 0,
        chat_id=getattr(event, "user_chat_id", None) if chat is None else chat.id,
        user_id=speaker_id(person_id(event), sender_chat_id(event)),
        thread_id=place.message_thread_id if in_topic else None,
        business_connection_id=event.id if business else getattr(place, "business_connection_id", None),
    )


def person_id(event: Any) -> int | None:
    """Return the id of the account that an event names, be it Telegram's placeholder; None: it names none."""
    for person in (getattr(event, "from_user", None), getattr(event, "user", None)):
        if person is not None:
            number: int = person.id
            return number
    return booster_id(event)
