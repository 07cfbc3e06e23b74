"""The suites, one module each; the module's name is the suite's.

A suite is a module whose docstring's first line is the title over its table, with::

    async def run(scale: Scale) -> list[Row]: ...

`benchmarks.runner.Scale` says how many rounds to measure and what share of the work to do (``--quick`` does a
hundredth); `benchmarks.rows.Row` holds figures of ours and of a peer, one per round, taken in turn by
`benchmarks.runner.take_turns`, and the bar to reach. Nothing needs to be registered:
``python -m benchmarks <name>`` finds the module. A module whose name starts with "_" is no suite.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, Final, NamedTuple

from benchmarks.rows import Row
from benchmarks.runner import Scale

_LARGE: Final = ("discord", "migrate", "redis_million", "sizing", "sqlite_million", "stalls", "write_load")


class Suite(NamedTuple):
    """What the runner needs of a module of this package.

    Attributes:
        name: of the module.
        title: stands over the table.
        run: measures and returns the lines of the table.
    """

    name: str
    title: str
    run: Callable[[Scale], Coroutine[Any, Any, list[Row]]]


def names() -> list[str]:
    """Return the names of all suites, sorted."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))


def quick_names() -> list[str]:
    """Return the names of those that need no gigabytes, for runs that start anew each round."""
    return [name for name in names() if name not in _LARGE]


def load(name: str) -> Suite:
    """Import a suite, and with it the peers it needs."""
    module = import_module(f"{__name__}.{name}")
    title, *_ = (module.__doc__ or name).splitlines()
    return Suite(name, title.rstrip("."), module.run)
