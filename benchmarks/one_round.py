"""One process of a comparison: ``python -m benchmarks.one_round SUITE`` measures ours alone, prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final

import botkeep
from benchmarks import suites
from benchmarks.runner import Scale

_SCALE: Final = Scale(rounds=5, share=0.1, alone=True)


def main(suite: str) -> None:
    """Print where botkeep came from, and each row's name, unit, best figure, and whether more is better.

    The best: in the other turns somebody else had the processor or the disk.
    """
    rows = asyncio.run(suites.load(suite).run(_SCALE))
    told = [(row.name, row.unit, (max if row.is_gain else min)(row.ours), row.is_gain) for row in rows]
    print(json.dumps({"source": botkeep.__file__, "rows": told}))


if __name__ == "__main__":
    main(sys.argv[1])
