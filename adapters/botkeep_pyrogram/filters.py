"""Filters on the state of a dialogue; they compose with ``&``, ``|`` and ``~`` like all others.

A storage that fails makes them raise: the handler does not run, and nothing is taken for "no state". An
update that belongs to no dialogue, the count of an anonymous poll, say, is in no state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyrogram import filters

from botkeep import KeyStrategy, State, StatesGroup
from botkeep_pyrogram.subjects import subject_of


def StateFilter(  # noqa: N802 # named like a class, as filters of states are elsewhere
    *states: State | str | type[StatesGroup], strategy: KeyStrategy | str | None = None
) -> Any:
    """Match an update whose dialogue is in one of these states, or in a state of one of these groups.

    Raises:
        TypeError: there is none, or something that is neither a state, nor its name, nor a group.
    """
    if not states:
        raise TypeError("StateFilter needs a state; AnyStateFilter() matches every one, NoStateFilter() none")
    names = {str(state) for given in states for state in _states(given)}
    return _filter("StateFilter", lambda state: state in names, strategy)


def AnyStateFilter(*, strategy: KeyStrategy | str | None = None) -> Any:  # noqa: N802 # as StateFilter
    """Match an update whose dialogue is in some state."""
    return _filter("AnyStateFilter", lambda state: state is not None, strategy)


def NoStateFilter(*, strategy: KeyStrategy | str | None = None) -> Any:  # noqa: N802 # as StateFilter
    """Match an update whose dialogue is in no state."""
    return _filter("NoStateFilter", lambda state: state is None, strategy)


def _states(given: Any) -> list[Any]:
    if isinstance(given, type) and issubclass(given, StatesGroup):
        return list(given)
    if not isinstance(given, (State, str)):
        hint = "; NoStateFilter() matches where there is none" if given is None else ""
        raise TypeError(f"StateFilter takes states, their names and groups of them, not {given!r}{hint}")
    return [given]


def _filter(name: str, matches: Callable[[str | None], bool], strategy: KeyStrategy | str | None) -> Any:
    strategy = None if strategy is None else KeyStrategy(strategy)

    async def check(_: Any, client: Any, update: Any) -> bool:
        subject = subject_of(client, update)
        if subject.state_key(client.strategy if strategy is None else strategy) is None:
            return matches(None)
        return matches(await client.fsm(update, strategy=strategy).get_state())

    return filters.create(check, name)
