"""Updates of every kind that the question "who is this?" is hard for, as the Bot API sends them."""

from __future__ import annotations

import itertools
import time
from typing import Any, Final

_numbers = itertools.count(100_000)

ANONYMOUS_ADMIN: Final[dict[str, Any]] = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
CHANNEL_BOT: Final[dict[str, Any]] = {
    "id": 136817688,
    "is_bot": True,
    "first_name": "Channel",
    "username": "Channel_Bot",
}
TELEGRAM: Final[dict[str, Any]] = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
GROUP: Final[dict[str, Any]] = {"id": -1001, "type": "supergroup", "title": "Group"}
OTHER_GROUP: Final[dict[str, Any]] = {"id": -1002, "type": "supergroup", "title": "Other"}
CHANNEL: Final[dict[str, Any]] = {"id": -1009, "type": "channel", "title": "Channel"}
OTHER_CHANNEL: Final[dict[str, Any]] = {"id": -1008, "type": "channel", "title": "Other"}


def person(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": f"User {number}"}


def private(number: int) -> dict[str, Any]:
    return {"id": number, "type": "private", "first_name": f"User {number}"}


def update(kind: str, *, sender: dict[str, Any] | None = None, **content: Any) -> dict[str, Any]:
    """An update of this kind; the sender is what the Bot API calls "from", a word that Python keeps."""
    if sender is not None:
        content["from"] = sender
    return {"update_id": next(_numbers), kind: content}


def message(kind: str = "message", **content: Any) -> dict[str, Any]:
    return update(kind, **{"message_id": next(_numbers), "date": int(time.time()), "text": "x", **content})


def by_anonymous_admin(group: dict[str, Any]) -> dict[str, Any]:
    return message(chat=group, sender_chat=group, sender=ANONYMOUS_ADMIN)


def by_channel_in(group: dict[str, Any], channel: dict[str, Any]) -> dict[str, Any]:
    return message(chat=group, sender_chat=channel, sender=CHANNEL_BOT)


def boost(**source: Any) -> dict[str, Any]:
    given = {"boost_id": "1", "add_date": 1, "expiration_date": 2, "source": source}
    return update("chat_boost", chat=GROUP, boost=given)


def boost_ended(**source: Any) -> dict[str, Any]:
    return update("removed_chat_boost", chat=GROUP, boost_id="1", remove_date=1, source=source)


def channel_post() -> dict[str, Any]:
    return message("channel_post", chat=CHANNEL, sender_chat=CHANNEL)


def linked_forward() -> dict[str, Any]:
    return message(chat=GROUP, sender_chat=CHANNEL, is_automatic_forward=True, sender=TELEGRAM)


def inline_query(number: int) -> dict[str, Any]:
    return update("inline_query", id="1", query="x", offset="", sender=person(number))


def business_message(number: int) -> dict[str, Any]:
    content: dict[str, Any] = {"chat": private(number), "business_connection_id": "b1"}
    return message("business_message", sender=person(number), **content)


def in_topic(number: int, topic: int) -> dict[str, Any]:
    content: dict[str, Any] = {"message_thread_id": topic, "is_topic_message": True}
    return message(sender=person(number), chat={**GROUP, "is_forum": True}, **content)


def in_thread_of_replies(number: int, thread: int) -> dict[str, Any]:
    return message(chat=GROUP, message_thread_id=thread, sender=person(number))


def reaction(**who: Any) -> dict[str, Any]:
    smile = [{"type": "emoji", "emoji": "👍"}]
    content: dict[str, Any] = {
        "message_id": 5,
        "date": int(time.time()),
        "old_reaction": [],
        "new_reaction": smile,
    }
    return update("message_reaction", chat=GROUP, **content, **who)


def poll_answer(**who: Any) -> dict[str, Any]:
    return update("poll_answer", poll_id="1", option_ids=[0], option_persistent_ids=["0"], **who)


def join_request(number: int) -> dict[str, Any]:
    content: dict[str, Any] = {"user_chat_id": number, "date": int(time.time())}
    return update("chat_join_request", sender=person(number), chat=GROUP, **content)


def button(number: int) -> dict[str, Any]:
    bot = {"id": 42, "is_bot": True, "first_name": "Bot"}
    under = {"message_id": 5, "date": int(time.time()), "chat": GROUP, "from": bot, "text": "?"}
    content: dict[str, Any] = {"id": "1", "chat_instance": "1", "data": "x"}
    return update("callback_query", sender=person(number), message=under, **content)


def migrated_to(old: int, new: int) -> dict[str, Any]:
    chat = {"id": old, "type": "group", "title": "Group"}
    content = message(chat=chat, migrate_to_chat_id=new, sender=person(7))
    del content["message"]["text"]
    return content


def migrated_from(old: int, new: int) -> dict[str, Any]:
    chat = {"id": new, "type": "supergroup", "title": "Group"}
    content = message(chat=chat, sender_chat=chat, migrate_from_chat_id=old, sender=ANONYMOUS_ADMIN)
    del content["message"]["text"]
    return content
