"""Filters of states that name Botkeep's own states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiogram import Router
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.filters import StateFilter

from botkeep import State
from botkeep.fsm.states import StatesGroupMeta


def accept_own_states(dispatcher: Router) -> None:
    """Make ``StateFilter(Order.size)`` and ``StateFilter(Order)`` match where these are Botkeep's.

    aiogram's filter knows its own classes and text, and passes over anything else without a word.
    """
    for router in dispatcher.chain_tail:
        for observer in router.observers.values():
            handlers = [*observer.handlers, *_root_handlers(observer)]
            for handler in handlers:
                for state_filter in _state_filters(handler.filters):
                    state_filter.states = tuple(_names(state_filter.states))


def _root_handlers(observer: Any) -> Iterator[HandlerObject]:
    """Yield what holds the filters of ``router.message.filter(...)``."""
    return (value for value in vars(observer).values() if isinstance(value, HandlerObject))


def _state_filters(filters: Any) -> Iterator[StateFilter]:
    """Yield the filters of states, also those inside of ``~`` , `and_f` and `or_f`."""
    for item in filters or ():
        callback = getattr(item, "callback", item)
        if isinstance(callback, StateFilter):
            yield callback
        inner = getattr(callback, "target", None)
        yield from _state_filters([inner] if inner is not None else getattr(callback, "targets", ()))


def _names(states: Any) -> Iterator[Any]:
    for state in states:
        if isinstance(state, StatesGroupMeta):
            yield from map(str, state)
        else:
            yield str(state) if isinstance(state, State) else state
