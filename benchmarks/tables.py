"""The table that a run prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.rows import Row

_HEADINGS: Final = ("what", "unit", "botkeep", "peer", "", "ratio", "bar", "")
_TO_THE_LEFT: Final = (0, 1, 4, 7)


def table(title: str, rows: Sequence[Row]) -> str:
    """Return the rows as lines of text under a title, with the notes below."""
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    cells = [_HEADINGS, *(_cells(row, notes) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at in _TO_THE_LEFT else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    rule = "-" * max(map(len, lines))
    legend = [f"[{at}] {note}" for at, note in enumerate(notes, 1)]
    return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, *legend])


def _cells(row: Row, notes: Sequence[str]) -> tuple[str, ...]:
    mark = f" [{notes.index(row.note) + 1}]" if row.note else ""
    return (
        row.name,
        row.unit,
        figure(row.figure),
        "" if row.peer_figure is None else figure(row.peer_figure),
        f"{row.peer_name}{mark}",
        "" if row.ratio is None else f"{row.ratio:.3g}x",
        "" if row.bar is None else str(row.bar),
        {None: "", True: "met", False: "NOT MET"}[row.is_met],
    )


def figure(number: float) -> str:
    """Three digits that count, and no more."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
