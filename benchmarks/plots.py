"""The picture of a full run that the README shows: a few rates, ours and the peers'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.rows import Row
from benchmarks.tables import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OURS: Final = "#1b6ca8", "#7db8e0"
_THEIRS: Final = "#9a9a9a", "#d0a060"
_BAR_INCHES: Final = 0.2
# The same figures make the same file, and letters are drawn: no font is needed to look at it.
_STYLE: Final[Any] = {"svg.hashsalt": "botkeep", "svg.fonttype": "path", "font.size": 9}


class Bar(NamedTuple):
    """Where a bar's figure is: a row's name, and the peer's name if it is a peer's figure."""

    label: str
    row: str
    peer: str = ""


class Panel(NamedTuple):
    """Bars of one suite in groups: a heading, and the bars below it."""

    title: str
    suite: str
    groups: Mapping[str, Sequence[Bar]]


def _calls(verb: str, callers: str, *peers: str) -> list[Bar]:
    row = f"{callers}: {verb}"
    return [Bar("Botkeep", row), *(Bar(peer, row, peer) for peer in peers)]


def _updates(framework: str, peer: str) -> list[Bar]:
    """Return the bars of a framework on SQLite "full", and on what survives a restart without us."""
    row = f"{framework}, 100 users: SQLite full"
    return [Bar("Botkeep on SQLite", row), Bar(peer, row, peer)]


PANELS: Final = (
    Panel(
        "SQLite, every write durable: calls a second",
        "sqlite",
        {
            "get, 1 caller": _calls("get", "1 caller", "kurigram-addons", "bare aiosqlite"),
            "set, 1 caller": _calls("set", "1 caller", "kurigram-addons", "bare aiosqlite"),
            "get, 100 callers": _calls("get", "100 callers", "kurigram-addons"),
            "set, 100 callers": _calls("set", "100 callers", "kurigram-addons"),
        },
    ),
    Panel(
        "Redis: calls a second",
        "redis",
        {
            "get, 100 callers": _calls("get", "100 callers", "kurigram-addons", "aiogram"),
            "set, 100 callers": _calls("set", "100 callers", "kurigram-addons", "aiogram"),
        },
    ),
    Panel(
        "A dialogue of 100 users through the dispatcher: updates a second",
        "dispatchers",
        {
            "aiogram": _updates("aiogram", "its RedisStorage"),
            "pyTelegramBotAPI": _updates("pyTelegramBotAPI", "its StateRedisStorage"),
            "kurigram": _updates("kurigram", "kurigram-addons' SQLite"),
        },
    ),
)


def draw(suites: Mapping[str, Sequence[Row]], path: Path) -> None:
    """Write the picture as SVG; suites and rows that were not measured are left out."""
    panels = [(panel, found) for panel in PANELS if (found := _found(panel, suites.get(panel.suite, ())))]
    heights = [len(groups) + sum(map(len, groups.values())) for _, groups in panels] or [1]
    with rc_context(_STYLE):
        picture = Figure(figsize=(8, _BAR_INCHES * sum(heights) + 0.6 * len(heights)), layout="constrained")
        axes = picture.subplots(len(heights), 1, squeeze=False, height_ratios=heights)
        for place, (panel, groups) in zip(axes.flat, panels, strict=False):
            _draw_panel(place, panel.title, groups)
        picture.savefig(path, metadata={"Date": None}, facecolor="white")


_Groups = dict[str, list[tuple[str, bool, float]]]
"""Headings, and below them each bar's label, whether it is ours, and its figure."""


def _found(panel: Panel, rows: Iterable[Row]) -> _Groups:
    figures: dict[tuple[str, str], float] = {}
    for row in rows:
        figures[row.name, ""] = row.figure
        if row.peer_figure is not None:
            figures[row.name, row.peer_name] = row.peer_figure
    groups = {
        heading: [(bar.label, not bar.peer, figures[bar.row, bar.peer]) for bar in bars if bar[1:] in figures]
        for heading, bars in panel.groups.items()
    }
    return {heading: bars for heading, bars in groups.items() if bars}


def _draw_panel(axes: Axes, title: str, groups: _Groups) -> None:
    labels: list[tuple[float, str]] = []
    place, longest = 0.0, max(figure for bars in groups.values() for *_, figure in bars)
    for heading, bars in groups.items():
        axes.text(0, place, heading, weight="bold", va="center")
        place += 1
        shades = {True: iter(_OURS * 2), False: iter(_THEIRS * 2)}
        for label, is_ours, rate in bars:
            axes.barh(place, rate, height=0.8, color=next(shades[is_ours]))
            axes.text(rate + longest / 100, place, figure(rate), va="center")
            labels.append((place, label))
            place += 1
    axes.set_title(title, loc="left", weight="bold")
    axes.set_yticks([at for at, _ in labels], [label for _, label in labels])
    axes.set_xlim(0, longest * 1.12)
    axes.set_ylim(place - 0.4, -0.6)
    axes.tick_params(length=0)
    axes.set_xticks([])
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
