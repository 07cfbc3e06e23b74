"""FileStorage with 1,000 documents, beside a file that is rewritten at each call.

Both write the same readable JSON as durably; ours lets all calls that wait share one rewrite, and works out
what a document looks like once.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.rewritten_file import RewrittenFile
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, race
from benchmarks.workloads import gets, rate, sets
from botkeep import FileStorage

_CALLERS: Final = 100  # with ten documents each


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as folder:
        theirs = RewrittenFile(Path(folder) / "theirs.json")
        async with FileStorage(Path(folder) / "ours.json") as ours:
            for contestant in (ours, theirs):
                await rate(sets, contestant.set_state, _CALLERS, 10 * _CALLERS)()
            return [
                *await _race(scale, f"{_CALLERS} callers: set", _CALLERS, (ours, theirs), AtLeast(20)),
                *await _race(scale, "1 caller: set", 1, (ours, theirs), None),
                *await race(
                    scale, f"{_CALLERS} callers: get", "calls/s", rate(gets, ours.get_state, _CALLERS, 20_000)
                ),
            ]


async def _race(scale: Scale, name: str, callers: int, contestants: tuple[Any, Any], bar: Any) -> list[Row]:
    ours, theirs = contestants
    mine = rate(sets, ours.set_state, callers, scale.of(100 * callers))
    peer = rate(sets, theirs.set_state, callers, scale.of(500))
    return await race(scale, name, "calls/s", mine, Rival(RewrittenFile.NAME, peer, bar))
