"""Which state may follow which: what ``transitions = {source: [targets]}`` of a group means.

- A group that has transitions allows the moves between its states that are listed, and no other; staying in a
  state is a move too. A group that has none allows everything.
- None stands for what is outside of the group: no state, or a state of another group. As a source it limits
  where the group may be entered, as a target where it may be left. Where None is not mentioned on that side,
  the group may be entered, or left, at any state.
- A move that several groups know whole (a nested one and the one around it, say) is allowed if one of them
  lists it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from botkeep.errors import InvalidTransitionError


class Transitions:
    """What one group allows, by the names of states.

    Args:
        names: of all states of the group.
        table: the names that may follow each name; None stands for outside. Empty: everything is allowed.
    """

    def __init__(self, names: Iterable[str], table: Mapping[str | None, tuple[str | None, ...]]) -> None:
        self.names: frozenset[str] = frozenset(names)
        self._table = dict(table)
        self._limits_leaving = any(None in targets for targets in table.values())

    def __bool__(self) -> bool:
        return bool(self._table)

    def after(self, source: str | None) -> tuple[str | None, ...]:
        """Return what may follow a state."""
        return self._table.get(source, ())

    def allows_leaving(self, source: str) -> bool:
        """Whether a dialogue in this state may go outside."""
        return not self._limits_leaving or None in self.after(source)

    def allows_entering(self, target: str) -> bool:
        """Whether a dialogue may come to this state from outside."""
        return None not in self._table or target in self.after(None)


def check(source: str | None, target: str | None, groups: Iterable[Transitions]) -> None:
    """Raise unless the groups allow a move from one state to another.

    Args:
        source: the name of the state that the dialogue is in; None: no state.
        target: the name of the state to enter; None: no state.
        groups: those that have a say.

    Raises:
        InvalidTransitionError: a group does not allow it.
    """
    ruling = [group for group in groups if group]
    knowing = [group for group in ruling if source in group.names and target in group.names]
    if knowing:
        allowed = dict.fromkeys(name for group in knowing for name in group.after(source))
        if target not in allowed:
            raise InvalidTransitionError(source, target, tuple(allowed))
        return
    for group in ruling:
        if source in group.names and not group.allows_leaving(source):
            raise InvalidTransitionError(source, target, group.after(source))
        if target in group.names and not group.allows_entering(target):
            raise InvalidTransitionError(source, target, group.after(None))
