"""python-telegram-bot's conversations: those that would be forgotten."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from telegram.ext import ConversationHandler
from telegram.warnings import PTBUserWarning


def warn_of_forgetful(handlers: Iterable[Any]) -> None:
    """Warn of each `ConversationHandler`, also inside others, that a restart makes forget its dialogues."""
    for conversation in _conversations(handlers):
        if not conversation.persistent:
            fix = "give it name= and persistent=True"
            if conversation.name:
                fix = "give it persistent=True"
            warnings.warn(
                f"{_description(conversation)} forgets its dialogues at each restart; {fix}",
                PTBUserWarning,
                stacklevel=2,
            )


def _conversations(handlers: Iterable[Any]) -> Iterator[ConversationHandler[Any]]:
    for handler in handlers:
        if isinstance(handler, ConversationHandler):
            yield handler
            states = itertools.chain.from_iterable(handler.states.values())
            yield from _conversations([*handler.entry_points, *states, *handler.fallbacks])


def _description(conversation: ConversationHandler[Any]) -> str:
    if conversation.name:
        return f"the ConversationHandler {conversation.name!r}"
    callbacks = [getattr(handler, "callback", handler) for handler in conversation.entry_points]
    names = ", ".join(getattr(callback, "__qualname__", repr(callback)) for callback in callbacks)
    return f"the ConversationHandler that begins with {names}"
