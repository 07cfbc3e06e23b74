"""The picture of a run: rates beside a peer's with their bars, costs as shares of what they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.rows import AtLeast, AtMost, Row, Within

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Final = {True: "#2a6f97", False: "#c1440e", None: "#8a8a8a"}
_MEANINGS: Final = {True: "bar met", False: "bar not met", None: "no bar"}


class _Point(NamedTuple):
    """A row on an axis: where its rounds lie, where its bar, and what is written at either end."""

    label: str
    rounds: Sequence[float]
    bar: float | None
    is_met: bool | None
    text: str


def draw(suites: Mapping[str, Sequence[Row]], path: Path) -> None:
    """Write the picture as PNG."""
    rows = [(suite, row) for suite, measured in suites.items() for row in measured]
    rates = [_rate(suite, row) for suite, row in rows if row.peer and row.unit.endswith("/s")]
    costs = [_cost(suite, row, limit) for suite, row in rows if (limit := _limit(row)) is not None]
    picture = Figure(figsize=(11, 0.26 * len(rates + costs) + 2.6), layout="constrained", dpi=120)
    above, below = picture.subplots(2, 1, height_ratios=[len(rates) + 1, len(costs) + 1])
    _draw_points(above, rates)
    above.set_xscale("log")
    above.xaxis.set_major_formatter("{x:g}x")
    above.set_xlabel("calls a second, as a multiple of the peer's: further right is better (log scale)")
    _draw_points(below, costs)
    below.set_xlim(left=0)
    below.xaxis.set_major_formatter("{x:.0%}")
    below.set_xlabel("cost, as a share of what the bar allows: further left is better")
    picture.legend(handles=_legend(), loc="outside upper center", ncols=5, fontsize=8, frameon=False)
    picture.savefig(path)


def _limit(row: Row) -> float | None:
    """What the bar allows a cost to be; None: the row is no cost or has no bar."""
    if isinstance(row.bar, AtMost):
        return row.bar.times
    return row.bar.limit if isinstance(row.bar, Within) else None


def _rate(suite: str, row: Row) -> _Point:
    label = f"{suite} · {row.name}, beside {row.peer_name}"
    bar = row.bar.times if isinstance(row.bar, AtLeast) else None
    return _Point(label, row.ratios, bar, row.is_met, f"{row.ratio:.3g}x")


def _cost(suite: str, row: Row, limit: float) -> _Point:
    is_ratio = isinstance(row.bar, AtMost)
    rounds = row.ratios if is_ratio else row.ours
    text = f"{median(rounds):.3g}{'x' if is_ratio else f' {row.unit}'}"
    return _Point(f"{suite} · {row.name}", [each / limit for each in rounds], 1, row.is_met, text)


def _draw_points(axes: Axes, points: Sequence[_Point]) -> None:
    for place, point in enumerate(points):
        colour = _COLOURS[point.is_met]
        axes.hlines(place, min(point.rounds), max(point.rounds), color=colour, linewidth=2)
        axes.plot(median(point.rounds), place, "o", color=colour, markersize=6)
        if point.bar is not None:
            axes.plot(point.bar, place, "x", color="black", markersize=6)
        axes.text(1.01, place, point.text, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(points)), [point.label for point in points], fontsize=8)
    axes.set_ylim(max(len(points), 1) - 0.5, -0.5)
    axes.grid(axis="x", which="both", linewidth=0.3)


def _legend() -> list[Line2D]:
    return [
        *(
            Line2D([], [], color=colour, marker="o", lw=0, label=_MEANINGS[met])
            for met, colour in _COLOURS.items()
        ),
        Line2D([], [], color="black", marker="x", lw=0, label="the bar"),
        Line2D([], [], color=_COLOURS[None], lw=2, label="minimum to maximum of the rounds"),
    ]
