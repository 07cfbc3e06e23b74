"""Patterns: the one glob dialect of `list_keys` and `scan`.

It is case-sensitive: ``*`` is any run of characters (``:`` included), ``?`` one character, ``[abc]``,
``[a-z]`` and ``[!abc]`` one of a set; an unclosed ``[`` is itself. `escape_pattern` makes any text a literal.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

_MAGIC: Final = re.compile(r"[*?\[]")
# A surrogate is in no identifier, and no engine can be asked for it: the prefix ends in front of it.
_LITERAL: Final = re.compile(r"\[([^!\]\ud800-\udfff])\]|([^*?\[\ud800-\udfff])|\[(\])\]")
_TOKENS: Final = re.compile(r"\[(?:!|(?!!)).[^\]]*\]|.", re.DOTALL)
"""A set, which may begin with ``]`` and holds one character at least; or one character."""

_TRANSLATED: Final = re.compile(r"\(\?s:(.*)\)\\[Zz]", re.DOTALL)
"""What `fnmatch.translate` puts around the regular expression of a pattern."""

_LAST: Final = "\U0010ffff"


def escape_pattern(text: str) -> str:
    """Return a pattern that matches ``text`` and nothing else."""
    return _MAGIC.sub(r"[\g<0>]", text)


class Segment(NamedTuple):
    """What stands between two stars: so many characters, each of which matches by itself.

    Attributes:
        regex: for exactly these characters.
        width: how many they are.
    """

    regex: re.Pattern[str]
    width: int


class Pattern(NamedTuple):
    """A glob pattern, ready for use.

    Attributes:
        prefix: the literal text that every match starts with; an engine need look no further.
        segments: the pattern, parted at its stars; None when every identifier with the prefix matches.
    """

    prefix: str
    segments: tuple[Segment, ...] | None

    def matches(self, text: str) -> bool:
        """Whether the whole text matches.

        Each segment is taken where it is first found: a later place could not help those behind it. So no
        pattern takes longer than its length times that of the text.
        """
        if self.segments is None:
            return text.startswith(self.prefix)
        first, *others = self.segments
        if not others:
            return first.regex.fullmatch(text) is not None
        *middle, last = others
        start = len(text) - last.width
        if first.regex.match(text) is None or last.regex.fullmatch(text, max(0, start)) is None:
            return False
        at = first.width
        for segment in middle:
            found = segment.regex.search(text, at)
            if found is None:
                return False
            at = found.end()
        return at <= start


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
    return Pattern("".join(prefix), tuple(_segments(pattern)))


def _segments(pattern: str) -> Iterator[Segment]:
    pieces: list[str] = []
    for piece in _TOKENS.findall(pattern):
        if piece == "*":
            yield Segment(re.compile("".join(pieces), re.DOTALL), len(pieces))
            pieces = []
        else:
            # The standard library knows what a set means, down to ranges that are none.
            pieces.append(_TRANSLATED.sub(r"\1", fnmatch.translate(piece)))
    yield Segment(re.compile("".join(pieces), re.DOTALL), len(pieces))


def after(prefix: str) -> str | None:
    """Return the first text, by code point, behind all those that start with ``prefix``; None: there is none.

    UTF-8 keeps the order of code points, so an engine that compares bytes can use it too.
    """
    head = prefix.rstrip(_LAST)
    if not head:
        return None
    following = ord(head[-1]) + 1
    return head[:-1] + chr(0xE000 if following == 0xD800 else following)
