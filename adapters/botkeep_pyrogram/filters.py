"""Filters on the state of a dialogue; they compose with ``&``, ``|`` and ``~`` like all others.

A storage that fails makes them raise: the handler does not run, and nothing is taken for "no state".
"""

from __future__ import annotations

from typing import Any

from pyrogram import filters

from botkeep import KeyStrategy, State, StatesGroup


def StateFilter(  # noqa: N802 # named like a class, as filters of states are elsewhere
    *states: State | str | type[StatesGroup], strategy: KeyStrategy | str | None = None
) -> Any:
    """Match an update whose dialogue is in one of these states, or in a state of one of these groups."""
    if not states:
        raise TypeError("StateFilter needs a state; AnyStateFilter() matches every one, NoStateFilter() none")
    names = {str(state) for given in states for state in _states(given)}

    async def matches(_: Any, client: Any, update: Any) -> bool:
        return await _state(client, update, strategy) in names

    return filters.create(matches, "StateFilter")


def AnyStateFilter(*, strategy: KeyStrategy | str | None = None) -> Any:  # noqa: N802 # as StateFilter
    """Match an update whose dialogue is in some state."""

    async def matches(_: Any, client: Any, update: Any) -> bool:
        return await _state(client, update, strategy) is not None

    return filters.create(matches, "AnyStateFilter")


def NoStateFilter(*, strategy: KeyStrategy | str | None = None) -> Any:  # noqa: N802 # as StateFilter
    """Match an update whose dialogue is in no state."""

    async def matches(_: Any, client: Any, update: Any) -> bool:
        return await _state(client, update, strategy) is None

    return filters.create(matches, "NoStateFilter")


def _states(given: Any) -> list[Any]:
    return list(given) if isinstance(given, type) and issubclass(given, StatesGroup) else [given]


async def _state(client: Any, update: Any, strategy: KeyStrategy | str | None) -> str | None:
    found: str | None = await client.fsm(update, strategy=strategy).get_state()
    return found
