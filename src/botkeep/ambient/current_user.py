"""Who is acting: the user behind the handler that runs, in a context variable."""

from __future__ import annotations

import enum
from contextvars import ContextVar, Token
from typing import Final

from botkeep.errors import NoUserError
from botkeep.keys import identifier_of


class _Nobody(enum.Enum):
    """The two ways in which nobody is acting."""

    NO_HANDLER = "no handler is running"
    NO_USER = "this handler has no user"


_acting: Final[ContextVar[str | _Nobody]] = ContextVar("botkeep.acting_user", default=_Nobody.NO_HANDLER)


class acting_user:  # noqa: N801 # used as a function: `with acting_user(42):`
    """Make a user the one that `user` means, inside the ``with`` block and the tasks and threads begun in it.

    Adapters do this around each handler. Blocks may be nested; the inner one holds.

    Args:
        user_id: as the framework gives it; 42 and "42" are the same user. None: a handler is running, but
            nobody is behind it, so `user` raises.

    Raises:
        IdentifierError: the id is neither None, nor an int, nor a str that fits an identifier.
    """

    def __init__(self, user_id: int | str | None) -> None:
        self._user = _Nobody.NO_USER if user_id is None else identifier_of(user_id)
        self._token: Token[str | _Nobody] | None = None

    def __enter__(self) -> None:
        self._token = _acting.set(self._user)

    def __exit__(self, *exc_info: object) -> None:
        assert self._token is not None
        _acting.reset(self._token)


def acting_id() -> str:
    """Return the id of the acting user.

    Raises:
        NoUserError: nobody is acting.
    """
    acting = _acting.get()
    if isinstance(acting, _Nobody):
        raise NoUserError(acting is _Nobody.NO_USER)
    return acting


def acting_description() -> str:
    """Return a text for messages: who is acting, or why nobody is."""
    acting = _acting.get()
    return acting.value if isinstance(acting, _Nobody) else repr(acting)
