"""The figures of a run as JSON, with the machine they were measured on."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from statistics import median
from typing import Any, Final

from benchmarks.rows import Row

_PACKAGES: Final = ("botkeep", "aiosqlite", "orjson", "kurigram-addons")


def as_json(suites: Mapping[str, Sequence[Row]]) -> str:
    """Return machine and rows of all suites, each with the figures of all rounds."""
    report = {
        "machine": machine(),
        "suites": {name: [_fields(row) for row in rows] for name, rows in suites.items()},
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _fields(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "unit": row.unit,
        "ours": _rounded(row.figure),
        "peer": _rounded(row.peer_figure),
        "peer_name": row.peer_name,
        "ratio": _rounded(row.ratio),
        "bar": row.bar_text or None,
        "met": row.is_met,
        "note": row.note,
        "rounds": {"ours": [*map(_rounded, row.ours)], "peer": [*map(_rounded, row.peer)]},
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


def machine() -> dict[str, Any]:
    """Describe what the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "load": _load(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version(name) for name in _PACKAGES},
        "fsync_microseconds": round(_fsync_microseconds()),
    }


def _load() -> list[float] | None:
    """How many others wanted the processors; Windows does not tell."""
    return [round(load, 1) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None


def _fsync_microseconds() -> float:
    """How long the folder of the databases takes to make a written page durable; near 0 it is a RAM disk."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(51):
            file.seek(0)
            begin = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begin)
    return median(times) * 1e6
