"""Who is acting: the user behind the handler that runs, in a context variable."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Final

from botkeep._core.compat import override
from botkeep.errors import NoUserError
from botkeep.keys import identifier_of


class _Scope:
    """One run of a handler.

    Attributes:
        user: whom it serves; None: nobody is behind it.
        ended: it is over. Whatever it started and left behind acts for nobody: a scheduler begun by one
            user's handler runs the jobs of others.
    """

    __slots__ = ("ended", "user")

    def __init__(self, user: str | None) -> None:
        self.user = user
        self.ended = False


_acting: Final[ContextVar[_Scope | None]] = ContextVar("botkeep.acting_user", default=None)


class acting_user:  # noqa: N801 # used as a function: `with acting_user(42):`
    """Make a user the one that `user` means, inside the ``with`` block and the tasks and threads begun in it.

    Until the block ends: what goes on after it acts for nobody, and says so by `NoUserError`.

    Adapters do this around each handler. Blocks may be nested; the inner one holds.

    Args:
        user_id: as the framework gives it; 42 and "42" are the same user. None: a handler is running, but
            nobody is behind it, so `user` raises.

    Raises:
        IdentifierError: the id is neither None, nor an int, nor a str that fits an identifier.
    """

    def __init__(self, user_id: int | str | None) -> None:
        self._user = None if user_id is None else identifier_of(user_id)
        self._entered: tuple[_Scope, Token[_Scope | None]] | None = None

    def __enter__(self) -> None:
        scope = _Scope(self._user)
        self._entered = scope, _acting.set(scope)

    def __exit__(self, *exc_info: object) -> None:
        assert self._entered is not None
        scope, token = self._entered
        scope.ended = True
        _acting.reset(token)


class inherited_user(acting_user):  # noqa: N801 # see acting_user
    """Make a user the one that `user` means, also after the block in the tasks that were begun in it.

    For an adapter whose framework runs each handler in a task of its own: the task outlives the block.
    """

    @override
    def __exit__(self, *exc_info: object) -> None:
        assert self._entered is not None
        _acting.reset(self._entered[1])


def acting_id() -> str:
    """Return the id of the acting user.

    Raises:
        NoUserError: nobody is acting.
    """
    scope = _acting.get()
    if scope is None:
        raise NoUserError(handling=False)
    if scope.user is None or scope.ended:
        raise NoUserError(scope.user is None, ended=scope.user is not None)
    return scope.user


def acting_description() -> str:
    """Return a text for messages: who is acting, or why nobody is."""
    scope = _acting.get()
    if scope is None:
        return "no handler is running"
    if scope.user is None:
        return "this handler has no user"
    return "the handler has ended" if scope.ended else repr(scope.user)
