"""The figures of a full run in the documentation: between two marks of a page, whose prose stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from benchmarks import results, suites
from benchmarks.rows import Row
from benchmarks.tables import markdown

BEGIN: Final = "<!-- begin: written by `make bench` -->"
END: Final = "<!-- end: written by `make bench` -->"


def write(path: Path, measured: Mapping[str, Sequence[Row]]) -> None:
    """Replace what stands between the marks.

    Raises:
        ValueError: the page has not one of each mark, in this order; it was left as it is.
    """
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"{path} needs the lines {BEGIN!r} and {END!r}, once each")
    path.write_text(f"{before}{BEGIN}\n\n{figures(measured)}\n\n{END}{after}", encoding="utf-8")


def figures(measured: Mapping[str, Sequence[Row]]) -> str:
    """Return the tables of all suites, and on what they were measured."""
    bars = [row.is_met for rows in measured.values() for row in rows if row.bar is not None]
    met = f"{sum(map(bool, bars))} of {len(bars)} bars were met in this run."
    tables = (markdown(f"{name}: {suites.load(name).title}", rows) for name, rows in measured.items())
    return "\n\n".join([f"{_machine(results.machine())} {met}", *tables])


def _machine(machine: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    fsync = f"an `fsync` of one page took {machine['fsync_microseconds']} µs"
    return (
        f"Measured on {today} on {machine['system']}, {machine['cores']} cores, Python {machine['python']}, "
        f"SQLite {machine['sqlite']}, {packages}; {fsync}."
    )
