"""One bot on every framework's own objects: a dialogue that orders a pizza, on whatever storage it is given.

Each module has the bots of one framework: a context manager for each storage, which yields a `Bot`. Handlers
only keep what was said; nothing is answered, so what is measured is the dispatcher and the storage.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

SAID: Final = ("/start", "large", "ham", "yes")
"""A dialogue: four updates."""

ORDERED: Final = {"size": "large", "topping": "ham"}
"""What the last of them finds."""


class Bot(NamedTuple):
    """A bot that is running.

    Attributes:
        update: makes the framework's update of a text and a user's number, as it gets one by polling.
        handle: passes one update through the framework's dispatcher; returns when it is handled.
        orders: what was ordered; the handlers add to it.
    """

    update: Callable[[str, int], Any]
    handle: Callable[[Any], Awaitable[object]]
    orders: list[dict[str, Any]]
