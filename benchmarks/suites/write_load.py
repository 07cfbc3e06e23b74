"""How long a get takes while 100 callers set, on a disk whose fsync takes 5 ms.

Each contestant runs in a process of its own, on a file of its own; the same library delays the fsync of all.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from benchmarks.read_under_load import BARE, KURIGRAM, OURS
from benchmarks.rows import AtMost, Row
from benchmarks.runner import Scale
from benchmarks.slow_disk import with_slow_fsync

_MILLISECONDS: Final = 5
_READS: Final = {OURS: 400, KURIGRAM: 40, BARE: 40}
"""In a round: a read of the peers takes half a second."""

_ROUNDS: Final = 3
"""At most, since a round takes a minute."""


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as folder:
        environment = with_slow_fsync(Path(folder), _MILLISECONDS)
        if environment is None:
            print("left out: it takes Linux and a C compiler to make a disk slow", file=sys.stderr)
            return []
        names = [OURS] if scale.alone else list(_READS)
        rounds = [
            {name: await _percentiles(name, scale, environment) for name in names}
            for _ in range(min(scale.rounds, _ROUNDS))
        ]
    return [
        *_rows("p50", [{name: found[49] for name, found in each.items()} for each in rounds]),
        *_rows("p99", [{name: found[98] for name, found in each.items()} for each in rounds], AtMost(1 / 50)),
    ]


def _rows(what: str, rounds: list[dict[str, float]], bar: AtMost | None = None) -> list[Row]:
    ours = [each[OURS] for each in rounds]
    _, *peers = rounds[0]
    return [
        Row(
            f"get: {what}",
            "ms",
            ours,
            [each[peer] for each in rounds],
            peer,
            bar if peer == KURIGRAM else None,
        )
        for peer in peers
    ] or [Row(f"get: {what}", "ms", ours)]


async def _percentiles(name: str, scale: Scale, environment: dict[str, str]) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as folder:
        reads = str(max(10, scale.of(_READS[name])))
        command = ("-m", "benchmarks.read_under_load", name, folder, reads)
        program = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await program.communicate()
        assert program.returncode == 0, f"{name} failed"
    latencies: list[Any] = json.loads(said)
    return quantiles(latencies, n=100)
