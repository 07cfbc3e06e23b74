"""What importing takes: a fresh interpreter that imports, less one that imports nothing.

`botkeep` loads its storages when they are first asked for; the second row asks for one at once, as bots do.
The peer is what the required dependencies take of that: nothing of ours could be faster.
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median
from typing import Final

from benchmarks.rows import Row, Within
from benchmarks.runner import Rival, Scale, Turn, race

_STARTS: Final = 9


async def run(scale: Scale) -> list[Row]:
    ours, storage, dependencies = map(
        _milliseconds,
        ("import botkeep", "from botkeep import SQLiteStorage", "import aiosqlite, orjson"),
    )
    least = Rival("import aiosqlite, orjson", dependencies)
    return [
        *await race(scale, "import botkeep", "ms", ours, least._replace(bar=Within(60))),
        *await race(scale, "from botkeep import SQLiteStorage", "ms", storage, least),
    ]


def _milliseconds(statement: str) -> Turn:
    async def turn() -> float:
        return median(_start(statement) - _start("pass") for _ in range(_STARTS)) * 1e3

    return turn


def _start(statement: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", statement], check=True)  # noqa: S603 # our own statements
    return time.perf_counter() - begin
