"""A dict as the text of a file that people can read, and back."""

from __future__ import annotations

from typing import Any

from botkeep import documents
from botkeep._files.json_text import NotJsonError, encoded, indented, parsed
from botkeep.errors import CorruptDocumentError


def to_text(state: dict[str, Any]) -> bytes:
    """Return the text of a file that holds the state.

    Raises:
        DocumentError: a value in it cannot be stored; the error names the path to it.
        TypeError: it is no dict.
    """
    if not isinstance(state, dict):
        raise TypeError(f"a state must be a dict, not {type(state).__name__}")
    return indented(documents.encode(state)) + b"\n"


def from_text(text: bytes) -> dict[str, Any]:
    """Return the state that a file holds.

    Raises:
        NotJsonError: the text is damaged, or holds something else than an object.
    """
    try:
        state = documents.decode(encoded(parsed(text)))
    except CorruptDocumentError as exc:
        raise NotJsonError(exc.reason) from exc
    if not isinstance(state, dict):
        raise NotJsonError("it holds no object")
    return state
