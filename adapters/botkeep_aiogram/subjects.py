"""Whom an update of aiogram is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiogram.dispatcher.middlewares.user_context import EventContext
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError

from botkeep import Subject, speaker_id
from botkeep.telegram import booster_id, sender_chat_id


@dataclass(frozen=True)
class SpeakerContext(EventContext):
    """aiogram's event context, whose user id is that of who speaks: see `botkeep.speaker_id`.

    ``user`` and ``data["event_from_user"]`` stay what Telegram names.

    Attributes:
        speaker: the id of a user, or of a chat that speaks for itself; None: nobody speaks.
    """

    speaker: int | None = None

    @property
    def user_id(self) -> int | None:
        """The id of who speaks."""
        return self.speaker


def event_of(event: Any) -> Any:
    """Return what an update brings: the message, the callback query, ...; an event is one already.

    None: a kind that this version of aiogram does not know.
    """
    update = getattr(event, "update", event)
    if not isinstance(update, Update):
        return event
    try:
        return update.event
    except UpdateTypeLookupError:
        return None


def speaker_context(event: Any, context: EventContext) -> SpeakerContext:
    """Return aiogram's context of an event as one that knows who speaks."""
    if isinstance(context, SpeakerContext):
        return context
    news = event_of(event)
    return SpeakerContext(
        chat=context.chat,
        user=context.user,
        thread_id=context.thread_id,
        business_connection_id=context.business_connection_id,
        speaker=speaker_id(context.user_id or booster_id(news), sender_chat_id(news)),
    )


def subject_of(event: Any, data: dict[str, Any]) -> Subject:
    """Return the ids of an event, as middlewares get it with its data."""
    context = speaker_context(event, data["event_context"])
    return Subject(
        data["bot"].id,
        context.chat_id,
        context.user_id,
        context.thread_id,
        context.business_connection_id,
    )
