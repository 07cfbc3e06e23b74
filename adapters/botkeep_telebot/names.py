"""States of pyTelegramBotAPI as names in the record that every adapter keeps, and back.

A record names its state by a str, and pyTelegramBotAPI takes numbers too: 1 is named ``"#1"``. A text that
begins with ``#`` gets another one in front.
"""

from __future__ import annotations

import re
from typing import Any, Final

from botkeep import UnknownStateError

_MARK: Final = "#"
_NUMBER: Final = re.compile(r"-?\d+", re.ASCII)


def name_of(state: Any) -> str | None:
    """Return the name of a state: a str, an int, None, or an object with a ``name`` (a ``State``).

    Raises:
        UnknownStateError: it is something else.
    """
    state = getattr(state, "name", state)
    if isinstance(state, str):
        text = str.__str__(state)
        return _MARK + text if text.startswith(_MARK) else text
    if isinstance(state, int) and not isinstance(state, bool):
        return f"{_MARK}{int(state)}"
    if state is None:
        return None
    raise UnknownStateError(state, "is no state; give a State, its name, a number, or None for no state")


def state_of(name: str | None) -> str | int | None:
    """Return the state that has this name."""
    if name is None or not name.startswith(_MARK):
        return name
    rest = name[len(_MARK) :]
    if rest.startswith(_MARK):
        return rest
    return int(rest) if _NUMBER.fullmatch(rest) else name
