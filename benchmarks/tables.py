"""Rows as a table: as lines of text, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.rows import Row

_HEADINGS: Final = ("what", "unit", "botkeep", "peer", "", "ratio", "bar", "")
_TO_THE_LEFT: Final = (0, 1, 4, 6, 7)


def table(title: str, rows: Sequence[Row]) -> str:
    """Return the rows as lines of text under a title, with the notes below."""
    notes = _notes(rows)
    lines = aligned([_HEADINGS, *(_cells(row, notes) for row in rows)], _TO_THE_LEFT)
    rule = "-" * max(map(len, lines))
    legend = [f"[{at}] {note}" for at, note in enumerate(notes, 1)]
    return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, *legend])


def aligned(cells: Sequence[Sequence[str]], to_the_left: Sequence[int]) -> list[str]:
    """Return lines whose columns stand under each other."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at in to_the_left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def markdown(title: str, rows: Sequence[Row]) -> str:
    """Return the rows as a section of a Markdown page, with the notes below."""
    notes = _notes(rows)
    rule = ("---" if at in _TO_THE_LEFT else "---:" for at in range(len(_HEADINGS)))
    lines = [_HEADINGS, tuple(rule), *(_cells(row, notes) for row in rows)]
    legend = [f"{at}. {note}" for at, note in enumerate(notes, 1)]
    return "\n".join([f"### {title}", "", *map(_markdown_line, lines), *([""] if legend else []), *legend])


def _markdown_line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("*", r"\*").replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _notes(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.note for row in rows if row.note))


def _cells(row: Row, notes: Sequence[str]) -> tuple[str, ...]:
    mark = f" [{notes.index(row.note) + 1}]" if row.note else ""
    return (
        row.name,
        row.unit,
        figure(row.figure),
        "" if row.peer_figure is None else figure(row.peer_figure),
        f"{row.peer_name}{mark}",
        "" if row.ratio is None else f"{row.ratio:.3g}x",
        row.bar_text,
        {None: "", True: "met", False: "NOT MET"}[row.is_met],
    )


def figure(number: float) -> str:
    """Three digits that count, and no more."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
