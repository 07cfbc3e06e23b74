"""Updates of every kind, as the Bot API sends them (core.telegram.org/bots/api), and whom each is about."""

from __future__ import annotations

import itertools
import time
from typing import Any, Final, NamedTuple

GROUP, CHANNEL, LINKED = -1001111111111, -1002222222222, -1003333333333
ANONYMOUS: Final = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL_BOT: Final = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
TELEGRAM: Final = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
ANN: Final = {"id": 7, "is_bot": False, "first_name": "Ann", "username": "ann"}
PRIVATE: Final = {"id": 7, "type": "private", "first_name": "Ann", "username": "ann"}

_numbers = itertools.count(1)


class Sample(NamedTuple):
    """An update, and the ids that count.

    Attributes:
        update: as it comes in JSON.
        chat: the id of the chat; None: it has none.
        user: the id of who speaks; None: nobody does.
        thread: the id of the topic.
        business: the id of the business connection.
    """

    update: dict[str, Any]
    chat: int | None
    user: int | None
    thread: int | None = None
    business: str | None = None


def group(chat: int = GROUP) -> dict[str, Any]:
    return {"id": chat, "type": "supergroup", "title": "Group"}


def channel(chat: int = CHANNEL) -> dict[str, Any]:
    return {"id": chat, "type": "channel", "title": "Channel"}


def update(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"update_id": next(_numbers), kind: body}


def message(**fields: Any) -> dict[str, Any]:
    """The body of a message; ``sender`` is its ``from``."""
    sender = {"from": fields.pop("sender")} if "sender" in fields else {}
    text = {} if {"migrate_to_chat_id", "migrate_from_chat_id"} & set(fields) else {"text": "x"}
    return {"message_id": next(_numbers), "date": int(time.time()), **text, **sender, **fields}


def anonymous_admin(chat: int = GROUP) -> dict[str, Any]:
    body = message(sender=ANONYMOUS, sender_chat=group(chat), chat=group(chat), author_signature="boss")
    return update("message", body)


def channel_in_group(speaker: int = CHANNEL, chat: int = GROUP) -> dict[str, Any]:
    return update("message", message(sender=CHANNEL_BOT, sender_chat=channel(speaker), chat=group(chat)))


def moved_to(old: int, new: int) -> dict[str, Any]:
    chat = {"id": old, "type": "group", "title": "Group"}
    return update("message", message(sender=ANN, chat=chat, migrate_to_chat_id=new))


def moved_from(old: int, new: int) -> dict[str, Any]:
    body = message(sender=ANONYMOUS, sender_chat=group(new), chat=group(new), migrate_from_chat_id=old)
    return update("message", body)


def photo(album: str, *, user: int = 7) -> dict[str, Any]:
    """One photo of an album in a private chat."""
    size = {"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}
    person = {**ANN, "id": user}
    body = message(sender=person, chat={**PRIVATE, "id": user}, media_group_id=album, photo=[size])
    del body["text"]
    return update("message", body)


def boost(**source: Any) -> dict[str, Any]:
    """The body of a boost that somebody gives."""
    return {"boost_id": "1", "add_date": 1, "expiration_date": 2, "source": source}


_MEMBER: Final = {"user": {"id": 42, "is_bot": True, "first_name": "Bot"}, "status": "member"}

SAMPLES: Final[dict[str, Sample]] = {
    "a private message": Sample(update("message", message(sender=ANN, chat=PRIVATE)), 7, 7),
    "a message in a group": Sample(update("message", message(sender=ANN, chat=group())), GROUP, 7),
    "an edited message": Sample(
        update("edited_message", message(sender=ANN, chat=group(), edit_date=1)), GROUP, 7
    ),
    "an anonymous administrator": Sample(anonymous_admin(), GROUP, GROUP),
    "a channel that posts in a group": Sample(channel_in_group(), GROUP, CHANNEL),
    "a linked channel's automatic forward": Sample(
        update(
            "message",
            message(
                sender=TELEGRAM,
                sender_chat=channel(LINKED),
                chat=group(),
                is_automatic_forward=True,
                forward_origin={"type": "channel", "chat": channel(LINKED), "message_id": 1, "date": 1},
            ),
        ),
        GROUP,
        LINKED,
    ),
    "a channel post": Sample(
        update("channel_post", message(sender_chat=channel(), chat=channel())), CHANNEL, CHANNEL
    ),
    "an inline query": Sample(
        update("inline_query", {"id": "1", "from": ANN, "query": "x", "offset": "", "chat_type": "sender"}),
        None,
        7,
    ),
    "a business message": Sample(
        update("business_message", message(sender=ANN, chat=PRIVATE, business_connection_id="b-1")),
        7,
        7,
        business="b-1",
    ),
    "a message in a topic of a forum": Sample(
        update(
            "message",
            message(
                sender=ANN, chat={**group(), "is_forum": True}, message_thread_id=5, is_topic_message=True
            ),
        ),
        GROUP,
        7,
        thread=5,
    ),
    "a reply in a group that is no forum": Sample(
        update("message", message(sender=ANN, chat=group(), message_thread_id=5)), GROUP, 7
    ),
    "a reaction": Sample(
        update(
            "message_reaction",
            {
                "chat": group(),
                "message_id": 1,
                "user": ANN,
                "date": 1,
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            },
        ),
        GROUP,
        7,
    ),
    "an anonymous reaction": Sample(
        update(
            "message_reaction",
            {
                "chat": group(),
                "message_id": 1,
                "actor_chat": channel(),
                "date": 1,
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            },
        ),
        GROUP,
        CHANNEL,
    ),
    "a join request": Sample(
        update("chat_join_request", {"chat": group(), "from": ANN, "user_chat_id": 7, "date": 1}), GROUP, 7
    ),
    "a change of a member": Sample(
        update(
            "my_chat_member",
            {"chat": group(), "from": ANN, "date": 1, "old_chat_member": _MEMBER, "new_chat_member": _MEMBER},
        ),
        GROUP,
        7,
    ),
    "a boost": Sample(
        update("chat_boost", {"chat": group(), "boost": boost(source="premium", user=ANN)}), GROUP, 7
    ),
    "the end of a boost": Sample(
        update(
            "removed_chat_boost",
            {
                "chat": group(),
                "boost_id": "1",
                "remove_date": 1,
                "source": {"source": "gift_code", "user": ANN},
            },
        ),
        GROUP,
        7,
    ),
    "a press on a button": Sample(
        update(
            "callback_query",
            {
                "id": "1",
                "from": ANN,
                "chat_instance": "1",
                "data": "x",
                "message": message(sender=ANONYMOUS, sender_chat=group(), chat=group()),
            },
        ),
        GROUP,
        7,
    ),
    "a press on a button of an inline message": Sample(
        update(
            "callback_query",
            {"id": "1", "from": ANN, "chat_instance": "1", "data": "x", "inline_message_id": "m"},
        ),
        None,
        7,
    ),
}

POLL_ANSWER: Final = update(
    "poll_answer", {"poll_id": "1", "user": ANN, "option_ids": [0], "option_persistent_ids": ["0"]}
)
ANONYMOUS_POLL_ANSWER: Final = update(
    "poll_answer",
    {
        "poll_id": "1",
        "user": CHANNEL_BOT,
        "voter_chat": channel(),
        "option_ids": [0],
        "option_persistent_ids": ["0"],
    },
)
"""What a poll's answer counts as its chat differs by framework; who speaks does not."""
