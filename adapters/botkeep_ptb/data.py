"""``user_data``, ``chat_data`` and ``bot_data`` as documents, whatever type `ContextTypes` gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import telegram

from botkeep import CorruptDocumentError, DocumentError
from botkeep.documents import encode
from botkeep_ptb.records import ABSENT
from botkeep_ptb.values import Values, unpack

_STATE: Final = "@state"


class Data:
    """One of the three, for a type that `ContextTypes` names: a dict, or any class that needs no arguments.

    An object of a class of one's own is kept as its items, if it is a dict, and its attributes; it comes back
    as ``kind()`` with these put in. What equals a new object has no document.

    Args:
        kind: the type.
        values: turn what is in it into documents.
    """

    def __init__(self, kind: type, values: Values) -> None:
        self.kind = kind
        self._values = values

    def new(self) -> Any:
        """Return what stands for an absent document."""
        return self.kind()

    def pack(self, data: Any) -> Any:
        """Return the document, or `ABSENT`.

        Raises:
            DocumentError: something in it cannot be stored.
        """
        document = self._document(data)
        try:
            return ABSENT if document == self._document(self.new()) else document
        except DocumentError:  # of a new object, which ``data`` is none of any more
            return document

    def unpack(self, identifier: str, document: Any, bot: telegram.Bot) -> Any:
        """Return the data.

        Raises:
            CorruptDocumentError: the document is of something else.
        """
        if document is ABSENT:
            return self.new()
        items, attributes = document, {}
        if isinstance(document, dict) and document.keys() == {_STATE}:
            items, attributes = document[_STATE]
        found = unpack(self._values, identifier, items, bot)
        if isinstance(found, self.kind):
            return found
        data = self.new()
        if isinstance(data, dict) and isinstance(found, dict):
            data.update(found)
        elif found:
            named = f"is a {type(found).__qualname__}, but ContextTypes names {self.kind.__qualname__}"
            raise CorruptDocumentError(identifier, f"{named}; it was left as it is")
        _add_attributes(data, unpack(self._values, identifier, attributes, bot))
        return data

    def storable_part(self, data: Any, stored: Any) -> tuple[Any, list[DocumentError]]:
        """Return the document of what can be stored, and an error for each item or attribute that cannot.

        Args:
            data: what `pack` refused.
            stored: what `unpack` gave of the document that is there. What cannot be stored stays as it is.

        Raises:
            DocumentError: it has neither items nor attributes, to be told apart.
        """
        errors: list[DocumentError] = []
        attributes = self._storable(_attributes(data), _attributes(stored), errors)
        items = self._storable(data, stored, errors) if isinstance(data, dict) else {}
        if not errors:
            return self.pack(data), []
        part = self.new()
        _replace_attributes(part, attributes)
        if items:
            part.update(items)
        return self.pack(part), errors

    def replace(self, data: Any, other: Any) -> None:
        """Make ``data`` equal to ``other`` in place: handlers hold references to it."""
        if isinstance(data, dict):
            data.clear()
            data.update(other)
        _replace_attributes(data, _attributes(other))

    def _storable(
        self, items: dict[Any, Any], stored: dict[Any, Any], errors: list[DocumentError]
    ) -> dict[Any, Any]:
        found = {}
        for key, value in items.items():
            error = self._error_of(key, value)
            if error is None:
                found[key] = value
            else:
                errors.append(error)
                if key in stored and self._error_of(key, stored[key]) is None:
                    found[key] = stored[key]
        return found

    def _error_of(self, key: Any, value: Any) -> DocumentError | None:
        """Return why an item cannot be stored; None: it can."""
        try:
            encode(self._values.pack({key: value}))
        except DocumentError as exc:
            path = exc.path or (key if isinstance(key, str) else f"[{key!r}]")
            return DocumentError(path, exc.reason)
        return None

    def _document(self, data: Any) -> Any:
        try:
            return self._values.pack(data)
        except DocumentError:
            if type(data) is not self.kind or self.kind is dict:
                raise
        items, attributes = self._values.pack(dict(data) if isinstance(data, dict) else {}), _attributes(data)
        return {_STATE: [items, self._values.pack(attributes)]} if attributes else items


def _attributes(value: Any) -> dict[str, Any]:
    """Return what is in an object's ``__dict__`` and its slots."""
    named = {name: getattr(value, name) for name in _slots(type(value)) if hasattr(value, name)}
    return {**named, **getattr(value, "__dict__", {})}


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        yield from [slots] if isinstance(slots, str) else slots


def _replace_attributes(value: Any, attributes: dict[str, Any]) -> None:
    for name in _attributes(value).keys() - attributes.keys():
        object.__delattr__(value, name)
    _add_attributes(value, attributes)


def _add_attributes(value: Any, attributes: dict[str, Any]) -> None:
    for name, item in attributes.items():
        object.__setattr__(value, name, item)  # also on a frozen dataclass
