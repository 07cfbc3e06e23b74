"""Who acts in an event of the gateway: whom `botkeep.user` means in its handlers, and who is ordered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

Actor: TypeAlias = Callable[[Any], Any]
"""From the data of an event to the id of its user, as text; None: nobody's."""


def _of_interaction(data: Any) -> Any:
    user = data.get("user") or data.get("member", {}).get("user", {})
    return user.get("id")


def _of_message(data: Any) -> Any:
    # The author of a webhook's message is the webhook, whatever name and picture it shows.
    return None if data.get("webhook_id") else data.get("author", {}).get("id")


def _user_id(data: Any) -> Any:
    return data.get("user_id")


def _of_member(data: Any) -> Any:
    return data.get("user", {}).get("id")


INTERACTION: Final = "INTERACTION_CREATE"
MESSAGE: Final = "MESSAGE_CREATE"

ACTORS: Final[dict[str, Actor]] = {
    INTERACTION: _of_interaction,
    MESSAGE: _of_message,
    "MESSAGE_UPDATE": _of_message,
    "MESSAGE_REACTION_ADD": _user_id,
    "MESSAGE_REACTION_REMOVE": _user_id,
    "MESSAGE_POLL_VOTE_ADD": _user_id,
    "MESSAGE_POLL_VOTE_REMOVE": _user_id,
    "GUILD_MEMBER_ADD": _of_member,
    "GUILD_MEMBER_REMOVE": _of_member,
    "GUILD_SCHEDULED_EVENT_USER_ADD": _user_id,
    "GUILD_SCHEDULED_EVENT_USER_REMOVE": _user_id,
    "TYPING_START": _user_id,
    "VOICE_STATE_UPDATE": _user_id,
}
"""By event; the handlers of other events act for nobody."""
