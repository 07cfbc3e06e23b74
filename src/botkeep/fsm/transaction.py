"""A turn: a transaction on the record of one dialogue, read once and written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from botkeep import documents
from botkeep.fsm.record import Record, empty, fields_of

if TYPE_CHECKING:
    from botkeep.fsm.states import State

T = TypeVar("T")
Enter: TypeAlias = "Callable[[Record, State | str | None], None]"
"""Changes a record to another state, or raises if that may not follow."""


class Turn:
    """A transaction on a dialogue: a handler changes it, and it is written when the block ends.

    Attributes:
        data: the data of the dialogue, to be changed at will. A mapping or a dataclass may take its place.
        moved: whether a state was entered in this turn.
    """

    def __init__(self, record: Record, enter: Enter) -> None:
        self.data: Any = record["data"]
        self.moved: bool = False
        self._record = record
        self._enter = enter

    @property
    def state(self) -> str | None:
        """The name of the state; None: the dialogue is in none. Assigning enters a state, if it may follow.

        Raises:
            InvalidTransitionError: on assignment: the transitions do not allow it.
            UnknownStateError: on assignment: it is no state.
        """
        name: str | None = self._record["name"]
        return name

    @state.setter
    def state(self, state: State | str | None) -> None:
        self._enter(self._record, state)
        self.moved = True

    def get_data(self, type: type[T]) -> T:  # noqa: A002 # as in FSMContext
        """Return the data as a dataclass, TypedDict, msgspec Struct or pydantic model.

        Raises:
            DocumentError: the data does not fit the type.
        """
        return documents.convert(fields_of(self.data), type)

    def clear(self) -> None:
        """End the dialogue: no state, no data, no history. Transitions have no say in it."""
        empty(self._record)
        self.data = {}

    def record(self) -> Record:
        """Return the record as the turn leaves it; what lies deep in the data is still the handler's own.

        Raises:
            DocumentError: the data is no mapping and nothing with fields.
        """
        self._record["data"] = dict(self.data) if isinstance(self.data, Mapping) else fields_of(self.data)
        return self._record
