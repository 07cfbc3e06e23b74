"""Two revisions beside each other: what a change made slower or faster, beyond the noise of this machine.

The suites are those of the working tree; only ``src`` and ``adapters`` come from the revision. Each round is
a process of its own, and the two sides take turns (A B, B A, A B, ...), so that both meet the same machine. A
pair's ratio is one figure by the other of the same round. The noise of a row is three median absolute
deviations of its ratios, at least `LEAST`. What seems slower is measured as often again, to be sure.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from benchmarks.tables import aligned, figure

ROOT: Final = Path(__file__).parents[1]
ROUNDS: Final = 8
LEAST: Final = 0.03
"""Less than 3 % is noise, however still the machine was."""

_SOURCES: Final = ("src", "adapters")
_HEADINGS: Final = ("suite", "what", "unit", "before", "now", "ratio", "noise", "")


class Side(NamedTuple):
    """One of the two: a folder with ``src`` and ``adapters``."""

    name: str
    folder: Path


class Failed(NamedTuple):
    """A suite that one of the sides could not run."""

    suite: str
    side: Side
    reason: str


@dataclass(frozen=True)
class Pairs:
    """A row's figures of both sides, round by round."""

    suite: str
    name: str
    unit: str
    is_gain: bool
    before: list[float] = field(default_factory=list)
    now: list[float] = field(default_factory=list)

    @property
    def _logarithms(self) -> list[float]:
        return [math.log(now / before) for before, now in zip(self.before, self.now, strict=True)]

    @property
    def ratio(self) -> float:
        """How many times the earlier figure, the median over the rounds."""
        return math.exp(median(self._logarithms))

    @property
    def noise(self) -> float:
        """By what share the ratio may differ from 1 without a change."""
        middle = median(self._logarithms)
        deviation = median(abs(each - middle) for each in self._logarithms)
        return max(LEAST, math.expm1(3 * deviation))

    @property
    def verdict(self) -> str:
        """``"slower"``, ``"faster"``, or nothing."""
        change = math.log(self.ratio) if self.is_gain else -math.log(self.ratio)
        if abs(change) <= math.log1p(self.noise):
            return ""
        return "faster" if change > 0 else "SLOWER"


def compare(revision: str, suites: Sequence[str], rounds: int = ROUNDS) -> int:
    """Measure a revision and the working tree, and print what changed; return 1 if something became slower.

    Raises:
        LookupError: git knows no such revision.
    """
    with _sources_of(revision) as before:
        return compare_sides(before, Side("the working tree", ROOT), suites, rounds)


def compare_sides(before: Side, now: Side, suites: Sequence[str], rounds: int) -> int:
    """Measure the suites on both sides and print what changed; return 1 if something became slower.

    A suite that does not run on the earlier side is said and counts for nothing; one that does not run now
    counts as slower.
    """
    found: list[Pairs] = []
    failures: list[Failed] = []
    for suite in suites:
        try:
            found += _measure(suite, (before, now), rounds)
        except _SuiteError as error:
            failures.append(error.failed)
    print("\n" + report(found, before.name, now.name))
    for failed in failures:
        print(f"{failed.suite} does not run on {failed.side.name}: {failed.reason}")
    broken = any(failed.side == now for failed in failures)
    return int(broken or any(pairs.verdict == "SLOWER" for pairs in found))


def report(found: Iterable[Pairs], before: str, now: str) -> str:
    """Return the table of all rows."""
    lines = aligned([_HEADINGS, *map(_cells, found)], (0, 1, 2, 7))
    title = f"before: {before}; now: {now}; ratio: now by before, the median over the rounds"
    return "\n".join([title, *lines])


def _cells(pairs: Pairs) -> tuple[str, ...]:
    return (
        pairs.suite,
        pairs.name,
        pairs.unit,
        figure(median(pairs.before)),
        figure(median(pairs.now)),
        f"{pairs.ratio:.3f}x",
        f"±{pairs.noise:.1%}",
        pairs.verdict,
    )


def _measure(suite: str, sides: tuple[Side, Side], rounds: int) -> list[Pairs]:
    found: dict[tuple[str, str], Pairs] = {}
    _take_turns(suite, sides, rounds, found)
    if any(pairs.verdict == "SLOWER" for pairs in found.values()):
        _take_turns(suite, sides, rounds, found)
    return list(found.values())


def _take_turns(
    suite: str, sides: tuple[Side, Side], rounds: int, found: dict[tuple[str, str], Pairs]
) -> None:
    for number in range(rounds):
        order = sides[:: -1 if number % 2 else 1]
        figures = {side: _run(suite, side) for side in order}
        before, now = (figures[side] for side in sides)
        for key in (key for key in now if key in before):
            pairs = found.setdefault(key, Pairs(suite, *key, now[key].is_gain))
            pairs.before.append(before[key].figure)
            pairs.now.append(now[key].figure)
        print(f"{suite}: round {number + 1} of {rounds}", flush=True)


class _Figure(NamedTuple):
    figure: float
    is_gain: bool


class _SuiteError(Exception):
    def __init__(self, failed: Failed) -> None:
        super().__init__(failed)
        self.failed = failed


def _run(suite: str, side: Side) -> Mapping[tuple[str, str], _Figure]:
    """Measure ours alone in a process of its own."""
    sources = os.pathsep.join(str(side.folder / name) for name in _SOURCES)
    command = [sys.executable, "-m", "benchmarks.one_round", suite]
    done = subprocess.run(  # noqa: S603 # our own command
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": sources},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise _SuiteError(Failed(suite, side, reason))
    told = json.loads(done.stdout.splitlines()[-1])
    assert Path(told["source"]).is_relative_to(side.folder), f"measured {told['source']}, not {side.folder}"
    return {(name, unit): _Figure(figure, is_gain) for name, unit, figure, is_gain in told["rows"]}


@contextmanager
def _sources_of(revision: str) -> Iterator[Side]:
    """Unpack a revision's sources into a temporary folder.

    Raises:
        LookupError: git knows no such revision.
    """
    named = _git("rev-parse", "--short", "--verify", "--quiet", f"{revision}^{{commit}}")
    if named.returncode:
        raise LookupError(f"git knows no revision {revision!r}")
    commit = named.stdout.decode().strip()
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name:
        folder = Path(name).resolve()
        with tarfile.open(fileobj=BytesIO(_git("archive", commit, *_SOURCES).stdout)) as archive:
            archive.extractall(folder)  # noqa: S202 # our own files
        yield Side(commit if revision.startswith(commit) else f"{revision} ({commit})", folder)


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)  # noqa: S603, S607 # the one on PATH
