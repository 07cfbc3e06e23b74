"""States and groups of states: where a dialogue can be.

.. code-block:: python

    from botkeep.fsm import State, StatesGroup


    class Order(StatesGroup):
        size = State()
        address = State()

        transitions = {None: [size], size: [address], address: [None]}


    assert str(Order.size) == "Order:size" and Order.size == "Order:size"
    assert list(Order) == [Order.size, Order.address]

What `transitions` means is told in `botkeep.fsm.transitions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from botkeep.errors import UnknownStateError
from botkeep.fsm.transitions import Transitions


class State:
    """A place in a dialogue: an attribute of a `StatesGroup`, named after it. Equal to its name.

    Args:
        name: stands behind the colon instead of the attribute's name; needed for a state without a group,
            which is named just so.

    Raises:
        UnknownStateError: the name is not a str, or empty.
    """

    __slots__ = ("_group", "_name", "_text")

    def __init__(self, name: str | None = None) -> None:
        if name is not None and not _is_name(name):
            raise UnknownStateError(name, "is no name for a state; give a non-empty str")
        self._name = name
        self._text = name
        self._group: StatesGroupMeta | None = None

    @property
    def name(self) -> str | None:
        """What stands behind the colon; None: the state has no name yet."""
        return self._name

    @property
    def group(self) -> StatesGroupMeta | None:
        """The group that the state was defined in; None: it was defined outside of any."""
        return self._group

    def __str__(self) -> str:
        if self._text is None:
            raise UnknownStateError(
                self, 'has no name: define it in a StatesGroup, or give one: State("name")'
            )
        return self._text

    def __repr__(self) -> str:
        return f"<State {self._text!r}>" if self._text else "<State without a name>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, State):
            return self is other or (self._text is not None and self._text == other._text)
        if isinstance(other, str):
            return self._text == other
        return NotImplemented

    def __hash__(self) -> int:
        return object.__hash__(self) if self._text is None else hash(self._text)

    def _join(self, group: StatesGroupMeta, attribute: str) -> None:
        if self._group is not None:
            raise TypeError(
                f"{group.__name__}.{attribute} is {self._group.__name__}.{self._name} already; "
                "give it a State() of its own"
            )
        self._group = group
        self._name = self._name or attribute

    def _build_text(self) -> None:
        if self._group is not None:
            self._text = f"{self._group.__group_name__}:{self._name}"


class StatesGroupMeta(type):
    """The type of groups: what makes them iterable, and names their states.

    Attributes:
        __group_name__: the name in front of the colon: ``"Order"``; of a nested group ``"Order.Payment"``.
        __states__: the states, inherited ones first; those of a nested group stand in its place.
        __nested__: the groups that are attributes of this one.
        __transitions__: what the group allows, ready for questions.
    """

    __group_name__: str
    __states__: tuple[State, ...]
    __nested__: tuple[StatesGroupMeta, ...]
    __transitions__: Transitions
    transitions: Mapping[Any, Iterable[Any]]
    __outer__: StatesGroupMeta | None

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> StatesGroupMeta:
        group = super().__new__(cls, name, bases, namespace, **options)
        group.__outer__ = None
        for attribute, member in namespace.items():
            if isinstance(member, State):
                member._join(group, attribute)  # noqa: SLF001 # a group names its states
            elif isinstance(member, StatesGroupMeta) and _is_defined_in(member, group):
                member.__outer__ = group
        group._assign_names()
        return group

    def __iter__(cls) -> Iterator[State]:
        return iter(cls.__states__)

    def __len__(cls) -> int:
        return len(cls.__states__)

    def __bool__(cls) -> bool:
        return True

    def __contains__(cls, state: object) -> bool:
        return isinstance(state, (str, State)) and state in cls.__transitions__.names

    def __repr__(cls) -> str:
        return f"<StatesGroup {cls.__group_name__!r}>"

    def _assign_names(cls) -> None:
        """Name the group, its states and nested groups: they were made before the outer name was known."""
        outer = cls.__outer__
        cls.__group_name__ = cls.__name__ if outer is None else f"{outer.__group_name__}.{cls.__name__}"
        members = cls._members()
        cls.__nested__ = tuple(member for member in members if isinstance(member, StatesGroupMeta))
        for member in members:
            if isinstance(member, State):
                member._build_text()  # noqa: SLF001 # a group names its states
            elif member.__outer__ is cls:
                member._assign_names()  # noqa: SLF001 # a group names its states
        cls.__states__ = _each_once(cls, members)
        cls.transitions = _table(cls)
        cls.__transitions__ = Transitions(
            map(str, cls), {_name(source): tuple(map(_name, to)) for source, to in cls.transitions.items()}
        )
        _known.pop((cls.__module__, cls.__qualname__), None)
        _known[cls.__module__, cls.__qualname__] = cls

    def _members(cls) -> list[State | StatesGroupMeta]:
        """The states and groups that are attributes, inherited ones first."""
        names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
        values = (getattr(cls, name) for name in names if not name.startswith("__"))
        return [value for value in values if isinstance(value, (State, StatesGroupMeta))]


_known: WeakValueDictionary[tuple[str, str], StatesGroupMeta] = WeakValueDictionary()


def known_groups() -> Iterable[StatesGroupMeta]:
    """Return every group that is defined; of those with one name in one module the newest."""
    # The references are copied at once: another thread may be defining a group.
    groups = (reference() for reference in _known.valuerefs())
    newest = {(group.__module__, group.__group_name__): group for group in groups if group is not None}
    return newest.values()


def _is_defined_in(inner: StatesGroupMeta, outer: StatesGroupMeta) -> bool:
    """Whether it was written inside of the other's body, rather than only made an attribute of it."""
    return (inner.__module__, inner.__qualname__) == (
        outer.__module__,
        f"{outer.__qualname__}.{inner.__name__}",
    )


def _each_once(group: StatesGroupMeta, members: Iterable[State | StatesGroupMeta]) -> tuple[State, ...]:
    states: dict[State, State] = {}
    for member in members:
        for state in [member] if isinstance(member, State) else member:
            if states.setdefault(state, state) is not state:
                raise TypeError(f"two states of {group.__group_name__} are called {state}")
    return tuple(states)


def _table(group: StatesGroupMeta) -> dict[State | None, tuple[State | None, ...]]:
    """The transitions in one form, and in a new dict: in the old one states hash as if they had no names."""
    if not isinstance(group.transitions, Mapping):
        raise TypeError(f"transitions of {group!r} must be {{source: [targets]}}, not {group.transitions!r}")
    own = {str(state): state for state in group.__states__}
    table: dict[State | None, tuple[State | None, ...]] = {}
    for source, targets in group.transitions.items():
        if not _is_list(targets):
            raise TypeError(f"transitions[{source}] of {group!r} must be a list of states, not {targets!r}")
        start = _own(source, own, group)
        table[start] = (*table.get(start, ()), *(_own(target, own, group) for target in targets))
    return table


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name != ""


def _is_list(targets: object) -> bool:
    return isinstance(targets, Iterable) and not isinstance(targets, str)


def _own(state: Any, own: Mapping[str, State], group: StatesGroupMeta) -> State | None:
    if state is None:
        return None
    if not isinstance(state, (State, str)) or state not in own:
        raise UnknownStateError(
            state, f"is in the transitions of {group!r}, but not one of its states: {', '.join(own)}"
        )
    return own[str(state)]


def _name(state: State | None) -> str | None:
    return None if state is None else str(state)


class StatesGroup(metaclass=StatesGroupMeta):
    """The base of groups: a subclass has states and groups as attributes.

    Iterating it gives its states, those it inherits and those of nested groups included. An inherited state
    keeps its name: it is the same state in both groups.

    Attributes:
        transitions: which states may follow which, ``{source: [targets]}``: see `botkeep.fsm.transitions`.

    Raises:
        UnknownStateError: transitions name a state that the group does not have.
        TypeError: transitions are something else, or two attributes are the same state.
    """

    transitions: ClassVar[Mapping[Any, Iterable[Any]]] = {}
