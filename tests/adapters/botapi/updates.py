"""Updates as the Bot API sends them."""

from __future__ import annotations

import itertools
import time
from typing import Any

_numbers = itertools.count(1)


def message(text: str, *, user: int = 7, chat: int | None = None, topic: int | None = None) -> dict[str, Any]:
    """A text message; without a chat it is private. A negative chat is a supergroup."""
    number = next(_numbers)
    body: dict[str, Any] = {
        "message_id": number,
        "date": int(time.time()),
        "text": text,
        "chat": _chat(user if chat is None else chat),
        "from": person(user),
    }
    if text.startswith("/"):
        length = len(text.split(maxsplit=1)[0])
        body["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    if topic is not None:
        body.update(message_thread_id=topic, is_topic_message=True)
    return {"update_id": number, "message": body}


def button(data: str, *, user: int = 7, chat: int | None = None) -> dict[str, Any]:
    """A press on an inline button under a message of the bot."""
    number = next(_numbers)
    under = {
        "message_id": number,
        "date": int(time.time()),
        "text": "?",
        "chat": _chat(user if chat is None else chat),
        "from": {"id": 42, "is_bot": True, "first_name": "Bot"},
    }
    query = {"id": str(number), "from": person(user), "message": under, "chat_instance": "1", "data": data}
    return {"update_id": number, "callback_query": query}


def sent_message(number: int, bot: int, parameters: dict[str, Any]) -> dict[str, Any]:
    """What sendMessage answers."""
    return {
        "message_id": number,
        "date": int(time.time()),
        "text": parameters["text"],
        "chat": _chat(int(parameters["chat_id"])),
        "from": {"id": bot, "is_bot": True, "first_name": "Bot"},
    }


def person(user: int) -> dict[str, Any]:
    """A user who is no bot."""
    return {"id": user, "is_bot": False, "first_name": f"User {user}"}


def _chat(chat: int) -> dict[str, Any]:
    if chat < 0:
        return {"id": chat, "type": "supergroup", "title": "Group"}
    return {"id": chat, "type": "private", "first_name": f"User {chat}"}
