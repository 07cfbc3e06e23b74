"""Keys: which identifiers a document may have."""

from __future__ import annotations

from typing import Final

from botkeep.errors import IdentifierError

LONGEST: Final = 1024
"""Bytes of UTF-8 that an identifier may have."""


def is_plain_identifier(identifier: str) -> bool:
    """Whether a str is an ASCII identifier; of others, `check_identifier` decides. At every call: quick."""
    return identifier.isascii() and 0 < len(identifier) <= LONGEST and "\0" not in identifier


def check_identifier(identifier: str) -> None:
    """Raise unless this is an identifier.

    Raises:
        IdentifierError: it is no str, is empty or longer than 1,024 bytes of UTF-8, or has NUL or a lone
            surrogate in it.
    """
    if not isinstance(identifier, str):
        raise IdentifierError(identifier, f"must be a str, not {type(identifier).__name__}")
    if not identifier:
        raise IdentifierError(identifier, "must not be empty")
    if "\0" in identifier:
        raise IdentifierError(identifier, "must not contain NUL")
    if not identifier.isascii():
        _check_unicode(identifier)
    elif len(identifier) > LONGEST:
        raise IdentifierError(identifier, f"is {len(identifier)} bytes long; {LONGEST} are allowed")


def _check_unicode(identifier: str) -> None:
    try:
        size = len(identifier.encode())
    except UnicodeEncodeError as exc:
        raise IdentifierError(identifier, f"has a lone surrogate at position {exc.start}") from exc
    if size > LONGEST:
        raise IdentifierError(identifier, f"is {size} bytes long; {LONGEST} are allowed")


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
