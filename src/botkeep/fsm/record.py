"""The record of a dialogue: state and data in one document, so that they change together or not at all.

::

    {"name": "Order:size", "data": {"pizza": "Margherita"}}

``name`` is None without a state. More fields are there only where they are used: ``history``, a list of
``[name, seconds since the epoch]``, newest last; ``fence``, the number of the last lock that wrote; and
``own_ttl``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final, NamedTuple, TypeAlias

from botkeep import documents
from botkeep.errors import CorruptDocumentError, DocumentError

NAMESPACE: Final = "fsm"
"""The namespace of a storage that holds the records, and no others."""

OWN_TTL: Final = "own_ttl"
"""The field that is there when the dialogue has a ttl of its own, where the storage has a default one."""

Record: TypeAlias = dict[str, Any]

_SIMPLE: Final = frozenset({str, int, float, bool, type(None)})


class Visit(NamedTuple):
    """One entry of the history of a dialogue.

    Attributes:
        state: the name of the state that was entered; None: the dialogue left its state.
        at: when, in UTC, on the storage's clock.
    """

    state: str | None
    at: datetime


def parse(value: bytes | None, identifier: str) -> Record:
    """Return the record that the stored bytes hold; a fresh one when there are none.

    Raises:
        CorruptDocumentError: they hold something else.
    """
    record = {"name": None, "data": {}} if value is None else documents.decode(value, identifier)
    if not (
        isinstance(record, dict)
        and isinstance(record.get("data"), dict)
        and isinstance(record.get("name", 0), (str, type(None)))
    ):
        raise CorruptDocumentError(identifier, 'it is no record of a dialogue: {"name": ..., "data": {...}}')
    return record


def is_empty(record: Record) -> bool:
    """Whether the record says nothing that its absence does not."""
    return record["name"] is None and not record["data"] and not record.get("history")


def empty(record: Record) -> None:
    """Take out all that a record says."""
    record.update(name=None, data={})
    record.pop("history", None)


def add_visit(record: Record, state: str | None, at: float, length: int) -> None:
    """Note in the history that a state was entered, and forget all but the last ``length`` entries."""
    if length:
        record["history"] = [*record.get("history", ()), [state, at]][-length:]


def visits(record: Record) -> list[Visit]:
    """Return the history, newest last."""
    return [
        Visit(state, datetime.fromtimestamp(at, tz=timezone.utc)) for state, at in record.get("history", ())
    ]


def fields_of(data: object) -> dict[str, Any]:
    """Return the data of a dialogue as the storage will give it back; what is done to it later stays outside.

    Args:
        data: a mapping, a dataclass, a msgspec Struct or a pydantic model.

    Raises:
        DocumentError: it is something else, or holds what cannot be stored; the error names the path.
    """
    if type(data) is dict and _has_simple_values(data):
        return (
            data.copy()
        )  # nothing in it can be changed later; NaN, say, is refused as the record is written
    document = {"data": dict(data) if isinstance(data, Mapping) else data}
    fields = documents.decode(documents.encode(document))["data"]
    if not isinstance(fields, dict):
        raise DocumentError(
            "data", f"must be a mapping, a dataclass, a Struct or a pydantic model, not {data!r:.80}"
        )
    return fields


def _has_simple_values(data: dict[Any, Any]) -> bool:
    return _SIMPLE.issuperset(map(type, data.values())) and all(type(name) is str for name in data)
