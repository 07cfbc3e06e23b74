"""JSON as people read it: a line per value, two spaces per level."""

from __future__ import annotations

import orjson


def indented(document: bytes, level: int = 0) -> bytes:
    r"""Return the encoded document laid out in lines; ``level``: how deep it stands in the file.

    No line break can be inside a string, where JSON writes ``\n``: whatever breaks is layout.
    """
    text = orjson.dumps(orjson.loads(document), option=orjson.OPT_INDENT_2)
    return text.replace(b"\n", b"\n" + b"  " * level) if level else text
