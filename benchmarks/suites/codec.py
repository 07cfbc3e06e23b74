"""The document codec: one encode and one decode of the same document.

The peers show how much of it is orjson's, and what the standard library takes. Ours finds, in addition, what
JSON would lose, bounds the depth, and gives back what orjson's buffer has too much.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Final

import orjson

from benchmarks.rows import AtMost, Row
from benchmarks.runner import Rival, Scale, Turn, race
from benchmarks.workloads import DOCUMENT
from botkeep import documents

_BATCHES: Final = 20
_WITH_NULL: Final = {**DOCUMENT, "voucher": None}
_WITH_MOMENT: Final = {**DOCUMENT, "due": datetime(2026, 3, 14, 19, 30, tzinfo=timezone.utc)}


async def run(scale: Scale) -> list[Row]:
    times = scale.of(2_000)

    def ours(document: Any) -> Turn:
        return _both_ways(documents.encode, documents.decode, document, times)

    bare = _both_ways(orjson.dumps, orjson.loads, DOCUMENT, times)
    standard = _both_ways(json.dumps, json.loads, DOCUMENT, times)
    rivals = Rival("bare orjson", bare, AtMost(2)), Rival("json", standard)
    return [
        *await race(scale, "500 bytes", "µs", ours(DOCUMENT), *rivals),
        *await race(scale, "500 bytes and a null", "µs", ours(_WITH_NULL)),
        *await race(scale, "500 bytes and a datetime", "µs", ours(_WITH_MOMENT)),
    ]


def _both_ways(encode: Callable[[Any], Any], decode: Callable[[Any], Any], document: Any, times: int) -> Turn:
    async def turn() -> float:
        return min(_batch() for _ in range(_BATCHES))

    def _batch() -> float:
        """Microseconds. The best batch counts: in the others, somebody else had the processor at times."""
        begin = time.perf_counter()
        for _ in range(times):
            decode(encode(document))
        return (time.perf_counter() - begin) / times * 1e6

    return turn
