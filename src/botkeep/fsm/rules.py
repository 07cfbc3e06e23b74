"""What a context knows of states: which names there are, and which groups have a say in a move."""

from __future__ import annotations

from collections.abc import Iterable

from botkeep.errors import UnknownStateError
from botkeep.fsm.states import State, StatesGroupMeta, known_groups
from botkeep.fsm.transitions import check


class Rules:
    """The groups whose transitions hold for a context.

    Args:
        groups: one or several; their states are the only ones then. None: every group that is defined has a
            say, and states of no group are allowed too.

    Raises:
        TypeError: something else than groups.
    """

    def __init__(self, groups: StatesGroupMeta | Iterable[StatesGroupMeta] | None = None) -> None:
        self._groups: tuple[StatesGroupMeta, ...] | None = None
        self._names: frozenset[str] | None = None
        if groups is not None:
            given = [groups] if isinstance(groups, StatesGroupMeta) else list(groups)
            _check_groups(given)
            self._groups = tuple(_with_nested(given))
            self._names = frozenset(str(state) for group in given for state in group)

    def enter(self, target: State | str | None, source: str | None) -> str | None:
        """Return the name of the state to enter, if it may follow ``source``; None is no state.

        Raises:
            UnknownStateError: the target is no state, or none of these groups.
            InvalidTransitionError: the groups do not allow the move.
        """
        name = None if target is None else _name_of(target)
        if name is not None and self._names is None:
            _refuse_misspelt(name)
        elif name is not None and self._names is not None and name not in self._names:
            raise UnknownStateError(name, f"is none of the states {', '.join(sorted(self._names))}")
        groups = _groups_beside(target) if self._groups is None else self._groups
        check(source, name, [group.__transitions__ for group in groups])
        return name


def _check_groups(groups: list[StatesGroupMeta]) -> None:
    for group in groups:
        if not isinstance(group, StatesGroupMeta):
            raise TypeError(f"states must be a StatesGroup or several, not {group!r}")


def _name_of(state: object) -> str:
    if isinstance(state, StatesGroupMeta):
        raise UnknownStateError(state, f"is a group; give one of its states: {', '.join(map(str, state))}")
    if isinstance(state, State):
        return str(state)
    if not isinstance(state, str) or not state:
        raise UnknownStateError(state, "is no state; give a State, its name, or None for no state")
    # The value itself: a member of a str enum prints as its name.
    return str.__str__(state)


def _refuse_misspelt(name: str) -> None:
    """A name that claims to be of a group with transitions must be there, or it would slip past them."""
    claimed, colon, _ = name.partition(":")
    groups = [group for group in known_groups() if colon and group.__group_name__ == claimed]
    guarded = [group for group in groups if group.__transitions__]
    if guarded and not any(name in group for group in groups):
        states = ", ".join(map(str, guarded[0]))
        raise UnknownStateError(name, f"is no state of {guarded[0]!r}; its states are {states}")


def _with_nested(groups: Iterable[StatesGroupMeta]) -> Iterable[StatesGroupMeta]:
    for group in groups:
        yield group
        yield from _with_nested(group.__nested__)


def _groups_beside(target: State | str | None) -> Iterable[StatesGroupMeta]:
    """All groups, but of those that share the target's name only its own: modules may use a name twice."""
    own = target.group if isinstance(target, State) else None
    if own is None:
        return known_groups()
    while own.__outer__ is not None:
        own = own.__outer__
    family = {group.__group_name__: group for group in _with_nested([own])}
    others = (group for group in known_groups() if group.__group_name__ not in family)
    return [*family.values(), *others]
