"""Filters of states that name Botkeep's own states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aiogram import Router
from aiogram.dispatcher.event.handler import FilterObject, HandlerObject
from aiogram.filters import Filter, StateFilter

from botkeep import State
from botkeep.fsm.states import StatesGroupMeta


def accept_own_states(dispatcher: Router) -> None:
    """Make filters match that name Botkeep's states: ``Order.size``, ``Order``, and either in `StateFilter`.

    aiogram's filter knows its own classes and text, and passes over anything else without a word.
    """
    for router in dispatcher.chain_tail:
        for observer in router.observers.values():
            for handler in (*observer.handlers, *_root_handlers(observer)):
                handler.filters = [_accepted(item) for item in handler.filters or ()]


def _root_handlers(observer: Any) -> Iterator[HandlerObject]:
    """Yield what holds the filters of ``router.message.filter(...)``."""
    return (value for value in vars(observer).values() if isinstance(value, HandlerObject))


def _accepted(item: FilterObject) -> FilterObject:
    callback: Any = item.callback
    if isinstance(callback, (State, StatesGroupMeta)):
        return FilterObject(StateFilter(*_names([callback])))
    for state_filter in _state_filters(callback):
        state_filter.states = tuple(_names(state_filter.states))
    return item


def _state_filters(callback: Any) -> Iterator[StateFilter]:
    """Yield a filter of states, or those inside of ``~``, `and_f` and `or_f`."""
    if isinstance(callback, StateFilter):
        yield callback
    if isinstance(callback, Filter):
        inside = getattr(callback, "targets", None) or [getattr(callback, "target", None)]
        for item in inside if isinstance(inside, (list, tuple)) else ():
            if isinstance(item, FilterObject):
                yield from _state_filters(item.callback)


def _names(states: Iterable[Any]) -> Iterator[Any]:
    for state in states:
        if isinstance(state, StatesGroupMeta):
            yield from map(str, state)
        else:
            yield str(state) if isinstance(state, State) else state
