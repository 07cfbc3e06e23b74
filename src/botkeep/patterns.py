"""Patterns: the one glob dialect of `list_keys` and `scan`.

It is case-sensitive: ``*`` is any run of characters (``:`` included), ``?`` one character, ``[abc]``,
``[a-z]`` and ``[!abc]`` one of a set; an unclosed ``[`` is itself. `escape_pattern` makes any text a literal.
"""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from typing import Final, NamedTuple

_MAGIC: Final = re.compile(r"[*?\[]")
# A surrogate is in no identifier, and no engine can be asked for it: the prefix ends in front of it.
_LITERAL: Final = re.compile(r"\[([^!\]\ud800-\udfff])\]|([^*?\[\ud800-\udfff])|\[(\])\]")
_LAST: Final = "\U0010ffff"


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
