"""What a suite returns: a figure of ours, a peer's beside it, and the bar it has to reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple, Protocol


class Bar(Protocol):
    """A promise about one column of a row: our figure, or its ratio to the peer's."""

    def is_met(self, row: Row) -> bool:
        """Whether the row keeps the promise."""

    def text(self, unit: str) -> str:
        """What is bounded, on which side, and in which unit; ``unit`` is that of the row's figures."""


class AtLeast(NamedTuple):
    """Ours is at least so many times the peer's: for rates."""

    times: float

    def is_met(self, row: Row) -> bool:
        return row.ratio is not None and row.ratio >= self.times

    def text(self, unit: str) -> str:  # noqa: ARG002 # a ratio has none
        return f"ratio ≥ {self.times:g}x"


class AtMost(NamedTuple):
    """Ours is at most so many times the peer's: for costs."""

    times: float

    def is_met(self, row: Row) -> bool:
        return row.ratio is not None and row.ratio <= self.times

    def text(self, unit: str) -> str:  # noqa: ARG002 # a ratio has none
        return f"ratio ≤ {self.times:g}x"


class Within(NamedTuple):
    """Ours is at most so much, in the unit of the row; no peer is needed."""

    limit: float

    def is_met(self, row: Row) -> bool:
        return row.figure <= self.limit

    def text(self, unit: str) -> str:
        return f"botkeep ≤ {self.limit:g} {unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: what was measured: ``"100 callers: set"``.
        unit: of both figures: ``"calls/s"``, ``"µs"``, ``"ms"``.
        ours: one figure per round.
        peer: the peer's figures in the same rounds; empty: there is none.
        peer_name: whose they are.
        bar: what is promised; None: the row informs.
        note: what exactly is compared, where the name does not say it.
    """

    name: str
    unit: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    peer_name: str = ""
    bar: Bar | None = None
    note: str = ""

    @property
    def figure(self) -> float:
        """Our median."""
        return median(self.ours)

    @property
    def peer_figure(self) -> float | None:
        """The peer's median."""
        return median(self.peer) if self.peer else None

    @property
    def ratios(self) -> list[float]:
        """Ours by the peer's: those of one round met the same machine. Empty without a peer."""
        return [ours / peer for ours, peer in zip(self.ours, self.peer, strict=True)] if self.peer else []

    @property
    def ratio(self) -> float | None:
        """The median of `ratios`."""
        return median(self.ratios) if self.peer else None

    @property
    def is_gain(self) -> bool:
        """Whether more is better: so it is for rates, and for what is kept; all else is a cost."""
        return self.unit.endswith(("/s", " kept"))

    @property
    def bar_text(self) -> str:
        """What is promised, in words of the table; empty: nothing."""
        return "" if self.bar is None else self.bar.text(self.unit)

    @property
    def is_met(self) -> bool | None:
        """Whether the bar is reached; None: there is no bar."""
        return None if self.bar is None else self.bar.is_met(self)
