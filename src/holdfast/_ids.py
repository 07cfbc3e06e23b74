"""Ids as frameworks and bots have them: integers, or text."""

from __future__ import annotations

from holdfast.errors import IdentifierError
from holdfast.keys import check_identifier


def identifier_of(given: int | str) -> str:
    """Return an id as an identifier; 1 and "1" are the same.

    An id that came through a URL or a command is text, and must still find what was kept under the number.

    Raises:
        IdentifierError: it is neither an int nor a str that fits an identifier.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        return str(int(given))
    if not isinstance(given, str):
        raise IdentifierError(given, f"must be an int or a str, not {type(given).__name__}")
    check_identifier(given)
    return given
