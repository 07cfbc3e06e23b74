"""FileStorage with 1,000 documents, beside a file that is rewritten at each call, and by all calls that wait.

All write the same readable JSON as durably. Ours, in addition, keeps a checksum of the file, works out what a
document looks like once, and looks whether another process wrote the file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.rewritten_file import RewrittenFile, SharedRewrites
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, Turn, race
from benchmarks.workloads import gets, rate, sets
from botkeep import FileStorage

_CALLERS: Final = 100  # with ten documents each


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        folder = Path(name)
        alone, shared = RewrittenFile(folder / "alone.json"), SharedRewrites(folder / "shared.json")
        async with FileStorage(folder / "ours.json") as ours:
            for contestant in (ours, alone, shared):
                await rate(sets, contestant.set_state, _CALLERS, 10 * _CALLERS)()

            def turn(contestant: Any, callers: int, calls: int) -> Turn:
                return rate(sets, contestant.set_state, callers, scale.of(calls))

            return [
                *await race(
                    scale,
                    f"{_CALLERS} callers: set",
                    "calls/s",
                    turn(ours, _CALLERS, 10_000),
                    Rival(RewrittenFile.NAME, turn(alone, _CALLERS, 500), AtLeast(20)),
                    Rival(SharedRewrites.NAME, turn(shared, _CALLERS, 10_000), AtLeast(0.8)),
                ),
                *await race(
                    scale,
                    "1 caller: set",
                    "calls/s",
                    turn(ours, 1, 500),
                    Rival(RewrittenFile.NAME, turn(alone, 1, 500)),
                ),
                *await race(
                    scale, f"{_CALLERS} callers: get", "calls/s", rate(gets, ours.get_state, _CALLERS, 20_000)
                ),
            ]
