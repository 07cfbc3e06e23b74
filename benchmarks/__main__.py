"""The command ``python -m benchmarks``: measure and print tables; a full run is kept in the documentation."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks import comparison, page, plots, results, suites
from benchmarks.rows import Row
from benchmarks.runner import FULL, QUICK, Scale
from benchmarks.tables import table

_HERE: Final = Path(__file__).parent
_DOCS: Final = _HERE.parent / "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites that are named, or all; return 1 if one could not run, or is slower than it was."""
    options = _options(arguments)
    if options.compare is not None:
        return _compare(options)
    measured: dict[str, list[Row]] = {}
    chosen = options.suites or suites.names()
    for name in chosen:
        try:
            measured[name] = _measure(name, QUICK if options.quick else FULL)
        except Exception:  # noqa: BLE001 # a peer or a server may be missing: the other suites still count
            traceback.print_exc()
    print("\nratio: our figure by the peer's, the median over the rounds")
    print(_verdict(row for rows in measured.values() for row in rows))
    if options.output is not None:
        _keep(measured, options.output, options.output)
    # What is published is one whole run: figures of different runs do not belong beside each other.
    elif not options.quick and not options.suites and len(measured) == len(chosen):
        _keep(measured, _HERE, _DOCS)
        page.write(_DOCS / "performance.md", measured)
    return int(len(measured) < len(chosen))


def _compare(options: argparse.Namespace) -> int:
    try:
        return comparison.compare(options.compare, options.suites or suites.quick_names())
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2


def _measure(name: str, scale: Scale) -> list[Row]:
    """Run a suite and print its table."""
    suite = suites.load(name)
    # Else each full collection walks through all that the peers import, while the event loop waits.
    gc.freeze()
    try:
        rows = asyncio.run(suite.run(scale))
    finally:
        gc.unfreeze()
    print(f"\n{table(suite.title, rows)}", flush=True)
    return rows


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure Botkeep and its peers."
    )
    parser.add_argument(
        "suites", nargs="*", metavar="suite", help=f"which: {', '.join(suites.names())}; or all"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a hundredth of the work, once: does it run at all?"
    )
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the figures and the picture go")
    parser.add_argument(
        "--compare",
        metavar="REV",
        help="measure this git revision and the working tree in turns; exit code 1: that became slower",
    )
    options = parser.parse_args(arguments)
    unknown = sorted({*options.suites} - {*suites.names()})
    if unknown:
        parser.error(f"no such suite: {', '.join(unknown)}; there are: {', '.join(suites.names())}")
    return options


def _verdict(rows: Iterable[Row]) -> str:
    bars = [row.is_met for row in rows if row.bar is not None]
    return f"{sum(map(bool, bars))} of {len(bars)} bars met"


def _keep(measured: dict[str, list[Row]], figures: Path, picture: Path) -> None:
    figures.mkdir(parents=True, exist_ok=True)
    (figures / "results.json").write_text(results.as_json(measured), encoding="utf-8")
    plots.draw(measured, picture / "performance.svg")
    print(f"figures of all rounds: {figures / 'results.json'}; picture: {picture / 'performance.svg'}")


if __name__ == "__main__":
    sys.exit(main())
