"""Keys: which identifiers are allowed, how namespaces are named, and the one glob dialect.

The dialect, case-sensitive: ``*`` is any run of characters (``:`` included), ``?`` one character, ``[abc]``,
``[a-z]`` and ``[!abc]`` one of a set; an unclosed ``[`` is itself. `escape_pattern` makes any text a literal.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from holdfast.errors import IdentifierError

LONGEST: Final = 1024
"""Bytes of UTF-8 that an identifier may have."""

_MAGIC: Final = re.compile(r"[*?\[]")
# A surrogate is in no identifier, and no engine can be asked for it: the prefix ends in front of it.
_LITERAL: Final = re.compile(r"\[([^!\]\ud800-\udfff])\]|([^*?\[\ud800-\udfff])|\[(\])\]")
_LAST: Final = "\U0010ffff"


def check_identifier(identifier: str) -> None:
    """Accept a non-empty str of at most 1,024 UTF-8 bytes without NUL or lone surrogates.

    Raises:
        IdentifierError: for anything else.
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


def inner(namespace: str, name: str) -> str:
    """Return the path of the namespace ``name`` inside ``namespace``; "" is the storage itself.

    Names are joined by "/" with "/" and "%" escaped, so different names never give one path.
    """
    name = name.replace("%", "%25").replace("/", "%2F")
    return f"{namespace}/{name}" if namespace else name


def children(namespace: str, paths: Iterable[str]) -> set[str]:
    """Return the names of the namespaces directly inside ``namespace`` on the way to the given paths."""
    start = f"{namespace}/" if namespace else ""
    names = {path[len(start) :].split("/")[0] for path in paths if path.startswith(start)}
    return {name.replace("%2F", "/").replace("%25", "%") for name in names if name}


def private(namespace: str, name: str) -> str:
    """Return the path of a namespace for Holdfast's own records; no user can name it: names are not empty."""
    return f"{namespace}//{name}"


def escape_pattern(text: str) -> str:
    """Return a pattern that matches ``text`` and nothing else."""
    return _MAGIC.sub(r"[\g<0>]", text)


class Pattern(NamedTuple):
    """A glob pattern, ready for use.

    Attributes:
        prefix: the literal text that every match starts with; an engine need look no further.
        regex: matches the whole identifier; None when every identifier with the prefix matches.
    """

    prefix: str
    regex: re.Pattern[str] | None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern once.

    Raises:
        TypeError: it is not a str.
    """
    if not isinstance(pattern, str):
        raise TypeError(f"a pattern must be a str, not {type(pattern).__name__}")
    at, prefix = 0, []
    while found := _LITERAL.match(pattern, at):
        prefix.append(found[1] or found[2] or found[3])
        at = found.end()
    if pattern[at:] == "*":
        return Pattern("".join(prefix), None)
    return Pattern("".join(prefix), re.compile(fnmatch.translate(pattern)))


def after(prefix: str) -> str | None:
    """Return the first text, by code point, behind all those that start with ``prefix``; None: there is none.

    UTF-8 keeps the order of code points, so an engine that compares bytes can use it too.
    """
    head = prefix.rstrip(_LAST)
    if not head:
        return None
    following = ord(head[-1]) + 1
    return head[:-1] + chr(0xE000 if following == 0xD800 else following)
