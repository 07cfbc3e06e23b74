"""The context: a dialogue as a handler sees it, its state and its data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from botkeep import documents
from botkeep.errors import ConflictError
from botkeep.fsm.record import Record, Visit, add_visit, fields_of, parse, visits
from botkeep.fsm.repository import Found, RecordStore
from botkeep.fsm.rules import Rules
from botkeep.fsm.state_keys import StateKey, identifier_of
from botkeep.fsm.transaction import Turn
from botkeep.ttl import KEEP_TTL, positive_seconds

if TYPE_CHECKING:
    from datetime import timedelta

    from botkeep.abc import BaseStorage
    from botkeep.fsm.states import State, StatesGroupMeta
    from botkeep.ttl import Ttl

T = TypeVar("T")


class FSMContext:
    """The state and the data of one dialogue.

    .. code-block:: python

        from botkeep import MemoryStorage
        from botkeep.fsm import FSMContext, StateKey

        context = FSMContext(MemoryStorage(), StateKey(bot_id=42, chat_id=7, user_id=7))
        await context.set_state("Order:size")
        await context.update_data(pizza="Margherita")
        assert await context.get_data() == {"pizza": "Margherita"}

    Both are one record, and every call that writes is one atomic step: calls made at the same time, by
    whichever process, lose nothing of each other. A context keeps nothing itself; make one for each update.

    Args:
        storage: where the record is, in the namespace "fsm".
        key: whose dialogue it is: a `StateKey`, or an identifier of your own.
        states: the group or groups whose states may be entered, and whose transitions hold. None: any state
            may, and the transitions of all groups hold for their own states.
        idle_ttl: seconds (or a timedelta) after which a dialogue that nobody goes on with is forgotten: each
            change starts them anew. None: no such time.
        history: how many of the last states to remember in the record; 0: none.

    Raises:
        IdentifierError: the key is not fit for a storage. From the first use on, not before.
        StorageUnavailableError: from any call: the storage cannot be reached, and nothing was written.
    """

    def __init__(
        self,
        storage: BaseStorage,
        key: StateKey | str,
        *,
        states: StatesGroupMeta | Iterable[StatesGroupMeta] | None = None,
        idle_ttl: float | timedelta | None = None,
        history: int = 0,
    ) -> None:
        self._stored = RecordStore(storage, identifier_of(key))
        self._rules = Rules(states)
        self._idle_ttl = None if idle_ttl is None else positive_seconds(idle_ttl, "idle_ttl")
        self._history = _count("history", history)

    @property
    def identifier(self) -> str:
        """The key of the record in the storage."""
        return self._stored.identifier

    def __repr__(self) -> str:
        return f"<FSMContext {self.identifier!r} in {self._stored.storage!r}>"

    # The state.

    async def get_state(self) -> str | None:
        """Return the name of the state; None: the dialogue is in none. A `State` equals its name."""
        _, record = await self._stored.read()
        name: str | None = record["name"]
        return name

    async def set_state(self, state: State | str | None, *, ttl: Ttl | None = None) -> None:
        """Enter a state and keep the data; None leaves the state.

        Transitions are checked against the state that is stored, in the same step that writes: of two
        handlers that make the same move at once, one is refused.

        Args:
            state: a `State`, or its name.
            ttl: seconds (or a timedelta) to live for the whole record; None: ``idle_ttl``, or the storage's
                ``default_ttl``; `NO_TTL` and `KEEP_TTL` as for `BaseStorage.set_state`.

        Raises:
            InvalidTransitionError: this state may not follow the one that the dialogue is in.
            UnknownStateError: it is no state, or none of the groups given as ``states``.
        """
        await self._stored.change(
            lambda record: self._enter(record, state), self._idle_ttl if ttl is None else ttl
        )

    async def get_history(self, limit: int | None = None) -> list[Visit]:
        """Return the last states that were entered, newest last; None: as many as are remembered.

        The history is written by contexts that are opened with ``history=``; `clear` removes it.
        """
        _, record = await self._stored.read()
        found = visits(record)
        return found if limit is None else found[max(0, len(found) - _count("limit", limit)) :]

    # The data.

    @overload
    async def get_data(self) -> dict[str, Any]: ...

    @overload
    async def get_data(self, type: type[T]) -> T: ...  # what the reader names is a type

    async def get_data(self, type: type[Any] | None = None) -> Any:  # noqa: A002 # as above
        """Return the data; ``{}`` when there is none. A new object at each call.

        Args:
            type: a dataclass, TypedDict, msgspec Struct or pydantic model to return the data as.

        Raises:
            DocumentError: the data does not fit the type; the error names the field.
        """
        _, record = await self._stored.read()
        return record["data"] if type is None else documents.convert(record["data"], type)

    async def get_value(self, name: str, default: Any = None) -> Any:
        """Return one field of the data; ``default`` when it is not there."""
        _, record = await self._stored.read()
        return record["data"].get(name, default)

    async def set_data(self, data: object) -> None:
        """Replace the data and keep the state.

        Args:
            data: a mapping, a dataclass, a msgspec Struct or a pydantic model.

        Raises:
            DocumentError: it is something else, or holds what cannot be stored; the error names the path.
        """
        fields = fields_of(data)
        await self._change_data(lambda record: record.update(data=fields))

    async def update_data(self, mapping: object = None, /, **values: Any) -> dict[str, Any]:
        """Add fields to the data or replace them, keep all others, and return the new data.

        Args:
            mapping: the fields, as for `set_data`.
            values: more fields.

        Raises:
            DocumentError: as `set_data`.
        """
        fields = fields_of(values)
        if mapping is not None:
            fields = {**fields_of(mapping), **fields}
        if not fields:
            return await self.get_data()
        record = await self._change_data(lambda record: record["data"].update(fields))
        data: dict[str, Any] = record["data"]
        return data

    async def clear_data(self) -> None:
        """Remove the data and keep the state."""
        await self.set_data({})

    # Both.

    async def clear(self) -> None:
        """End the dialogue: remove the state, the data and the history. Transitions have no say in it."""
        await self._stored.remove()

    @asynccontextmanager
    async def turn(self, *, ttl: Ttl | None = None) -> AsyncIterator[Turn]:
        """Read the record once, let the block change it, and write it once, at the end.

        Nothing is written if the block raises, or changes nothing.

        Args:
            ttl: as for `set_state`; None: if no state is entered, ``idle_ttl`` or what the record has left.

        Raises:
            ConflictError: at the end: somebody else wrote meanwhile. `run` repeats the turn instead.
            DocumentError: at the end: the data cannot be stored.
        """
        found, turn = await self._begin(ttl)
        yield turn
        await self._end(turn, found, ttl)

    async def run(
        self, handler: Callable[[Turn], Awaitable[T]], *, ttl: Ttl | None = None, attempts: int = 10
    ) -> T:
        """Call ``handler`` with a turn, again if somebody else wrote meanwhile, and return what it returns.

        Runs on the same record within this process go one after another, so only writers that are no runs,
        or of other processes, make a handler run again.

        Args:
            handler: an async function that takes a `Turn`. What it does besides, sending messages say, it
                may do several times.
            ttl: as for `turn`.
            attempts: how often to try.

        Raises:
            ConflictError: each attempt met another writer.
            DeadlockError: the handler runs a turn on its own record.
        """
        stored, attempts = self._stored, max(1, _count("attempts", attempts))
        async with stored.local_lock():
            while True:
                found, turn = await self._begin(ttl)
                result = await handler(turn)
                try:
                    await self._end(turn, found, ttl)
                except ConflictError:
                    attempts -= 1
                    if not attempts:
                        raise
                else:
                    return result

    async def _begin(self, ttl: Ttl | None) -> tuple[Found, Turn]:
        # Now rather than after a handler's work: a ttl that is none.
        self._stored.storage.expiry(ttl)
        found, record = await self._stored.read()
        return found, Turn(record, self._enter)

    async def _end(self, turn: Turn, found: Found, ttl: Ttl | None) -> None:
        record = turn.record()
        value = documents.encode(record)
        if value == found.value:
            return
        if ttl is None:
            ttl = self._idle_ttl if self._idle_ttl is not None or turn.moved else KEEP_TTL
        swap = await self._stored.swap(found, record, value, ttl)
        if not swap.done:
            theirs = None if swap.found is None else parse(swap.found, self.identifier)
            raise ConflictError(self.identifier, documents.decode(value), theirs)

    async def _change_data(self, step: Callable[[Record], None]) -> Record:
        return await self._stored.change(step, KEEP_TTL if self._idle_ttl is None else self._idle_ttl)

    def _enter(self, record: Record, state: State | str | None) -> None:
        record["name"] = self._rules.enter(state, record["name"])
        add_visit(record, record["name"], self._stored.storage.now(), self._history)


def _count(name: str, number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{name} must be an int, not {number!r}")
    if number < 0:
        raise ValueError(f"{name} must not be negative, but is {number}")
    return number
