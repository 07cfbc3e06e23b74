"""The objects of `telegram` as the fields that the Bot API has of them."""

from __future__ import annotations

from typing import Any

import telegram

from botkeep import DocumentError


def fields_of(value: telegram.TelegramObject) -> dict[str, Any] | None:
    """Return the fields from which `object_of` makes the same object; None: it would be another one.

    python-telegram-bot reads what Telegram sends. Of what bots send, it makes something else of some: of the
    buttons of a reply keyboard, of a file to upload.
    """
    kind, fields = type(value), value.to_dict()
    if getattr(telegram, kind.__name__, None) is not kind:
        return None
    try:
        found = kind.de_json(dict(fields), None)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None
    same = found is not None and found.to_dict() == fields and _same(found, value)
    return fields if same else None


def object_of(name: str, fields: dict[str, Any], bot: telegram.Bot) -> telegram.TelegramObject | None:
    """Return the object of a class of `telegram`, which belongs to the bot.

    Raises:
        DocumentError: this version of python-telegram-bot has no such class.
    """
    kind = getattr(telegram, name, None)
    if not (isinstance(kind, type) and issubclass(kind, telegram.TelegramObject)):
        raise DocumentError("", f"python-telegram-bot {telegram.__version__} has no object named {name!r}")
    return kind.de_json(fields, bot)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal all the way down; `telegram` compares only what identifies an object."""
    if type(one) is not type(other):
        return False
    if isinstance(one, telegram.TelegramObject):
        ours, theirs = _state_of(one), _state_of(other)
        return ours.keys() == theirs.keys() and all(_same(ours[name], theirs[name]) for name in ours)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _state_of(value: telegram.TelegramObject) -> dict[str, Any]:
    """Return what a Telegram object consists of, without its caches, and without what its class repeats."""
    state: dict[str, Any] = value.__getstate__()
    return {name: item for name, item in state.items() if not name.startswith("_") and name != "api_kwargs"}
