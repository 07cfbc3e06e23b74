"""A dict as the text of a file that people can read, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botkeep import documents
from botkeep._core import tags
from botkeep._core.tagging import untag
from botkeep._files.json_text import NotJsonError, indented, parsed


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

    A dict of one key that begins with "$" may be a person's or another program's, ``{"$ref": "#/colours"}``:
    unless it is a tag as we write it, it is the dict that it looks like.

    Raises:
        NotJsonError: the text is damaged, or holds something else than an object.
    """
    state = untag(parsed(text), _read_if_ours)
    if not isinstance(state, dict):
        raise NotJsonError("it holds no object")
    return state


def _read_if_ours(tag: Mapping[str, Any]) -> Any:
    try:
        return tags.read(tag)
    except Exception:  # noqa: BLE001 # whatever another program keeps there
        return tag
