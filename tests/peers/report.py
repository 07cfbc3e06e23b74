"""Hold the laws against kurigram-addons 0.5.1 and write what came of it into docs/why.md.

::

    python -m tests.peers.report

Takes some minutes: a law that hangs is given up after 20 seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from botkeep.testing import StorageContract

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "why.md"
BEGIN: Final = "<!-- from here on written by tests/peers/report.py -->"
END: Final = "<!-- to here -->"
STORAGES: Final = ["TestMemoryStorage", "TestSQLiteStorage", "TestRedisStorage"]
MARKS: Final = {"kept": "kept", "not offered": "not offered", "broken": "**broken**"}


class Outcome(NamedTuple):
    """What one test came to; a parametrized one is several."""

    storage: str
    family: str
    test: str
    outcome: str


def hold_the_laws() -> Iterator[Outcome]:
    """Run the contract in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = Path(folder) / "outcomes"
        options = ["-q", "--tb=no", "--no-summary", "-o", "filterwarnings=ignore", "-p", "no:cacheprovider"]
        plugin = ["-p", "tests.peers.outcomes", f"--outcomes={outcomes}"]
        laws = "tests/peers/kurigram_addons.py"
        command = [sys.executable, "-m", "pytest", *options, *plugin, laws]
        subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 # our own command line
        for line in outcomes.read_text().splitlines():
            yield Outcome(*json.loads(line))


class Findings:
    """What each test came to on each storage: broken if one of its cases is, kept if all are."""

    def __init__(self, outcomes: Iterator[Outcome]) -> None:
        self._cases: dict[tuple[str, str, str], set[str]] = {}
        for storage, family, test, outcome in outcomes:
            self._cases.setdefault((family, test, storage), set()).add(outcome)

    def tests(self, family: str) -> list[str]:
        return list(dict.fromkeys(test for place, test, _ in self._cases if place == family))

    def of(self, family: str, test: str, storage: str) -> str:
        cases = self._cases[family, test, storage]
        return next(outcome for outcome in ("broken", "not offered", "kept") if outcome in cases)

    def of_family(self, family: str, storage: str) -> str:
        counts = Counter(self.of(family, test, storage) for test in self.tests(family))
        return ", ".join(f"{counts[outcome]} {outcome}" for outcome in MARKS if counts[outcome])


def families() -> dict[str, str]:
    """The families of laws, each with the law it states, in the order of the laws."""
    laws = {law.__name__: str(law.__doc__).splitlines()[0] for law in StorageContract.__bases__}
    return dict(sorted(laws.items(), key=lambda law: int(law[1].removeprefix("Law ").partition(".")[0])))


def page(findings: Findings) -> Iterator[str]:
    """The lines that go into the page."""
    heads = " | ".join(f"`{name.removeprefix('Test')}`" for name in STORAGES)
    yield f"| law | tests | {heads} |"
    yield "|---|---|---|---|---|"
    for family, law in families().items():
        cells = " | ".join(findings.of_family(family, storage) for storage in STORAGES)
        yield f"| {law} | {len(findings.tests(family))} | {cells} |"
    for family, law in families().items():
        yield from _details(findings, family, law)


def _details(findings: Findings, family: str, law: str) -> Iterator[str]:
    rows = {
        test: [findings.of(family, test, storage) for storage in STORAGES] for test in findings.tests(family)
    }
    broken = {test: outcomes for test, outcomes in rows.items() if "broken" in outcomes}
    if broken:
        yield from ("", f"### {law}", "", "| test | Memory | SQLite | Redis |", "|---|---|---|---|")
        for test, outcomes in broken.items():
            yield f"| `{test}` | {' | '.join(MARKS[outcome] for outcome in outcomes)} |"


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    generated = "\n".join(page(Findings(hold_the_laws())))
    PAGE.write_text(f"{before}{BEGIN}\n\n{generated}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
