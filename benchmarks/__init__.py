"""Botkeep beside its peers, in one run: ``make bench``, or ``python -m benchmarks [suite ...] [--quick]``.

Each module of `benchmarks.suites` is a suite; that package says what one looks like. Shared by all of them:

- `benchmarks.rows`: what a suite returns, one `Row` per line of the table, with the bar it has to reach;
- `benchmarks.runner`: measuring, contestants taking turns;
- `benchmarks.workloads`: the 500-byte document and the calls made with it;
- `benchmarks.peers`: the peers, each set up as its users do.
"""

from __future__ import annotations
