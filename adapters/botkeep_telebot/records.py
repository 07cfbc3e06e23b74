"""The record behind pyTelegramBotAPI's states: its key, and the changes that are made to it."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from botkeep import StateKey

NAMESPACE: Final = "telebot"


class Record(TypedDict):
    """What is kept of one dialogue. A state is whatever the bot uses as one: text or a number."""

    state: Any
    data: dict[str, Any]


class Missing(Exception):  # noqa: N818 # no error: it only ends a change
    """There is no record, so there is nothing to change."""


def identifier(
    chat_id: int,
    user_id: int,
    business_connection_id: str | None = None,
    message_thread_id: int | None = None,
    bot_id: int | None = None,
) -> str:
    """Return the key of a record, with every part in its place; a bot that is not named is 0."""
    key = StateKey(bot_id or 0, chat_id, user_id, message_thread_id, business_connection_id)
    return key.identifier


def with_state(record: Record | None, state: Any) -> Record:
    """Return the record in another state; a `State` of pyTelegramBotAPI stands for its name."""
    data = {} if record is None else record["data"]
    return {"state": getattr(state, "name", state), "data": data}


def with_data(record: Record | None, data: dict[str, Any]) -> Record:
    """Return the record with other data."""
    if record is None:
        raise Missing
    return {"state": record["state"], "data": data}


def with_changes(record: Record | None, before: dict[str, Any], after: dict[str, Any]) -> Record:
    """Return the record with what was done to a copy of its data, and with what others did meanwhile."""
    if record is None:
        raise Missing
    kept = {name: value for name, value in record["data"].items() if name in after or name not in before}
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return {"state": record["state"], "data": {**kept, **changed}}
