from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.comparison import ROOT, Pairs, Side, compare_sides

from benchmarks import suites

SLOWED = """
_encode = encode
def encode(document):
    for _ in range(3_000):
        pass
    return _encode(document)
"""


def pairs(before: list[float], now: list[float], *, is_gain: bool = True) -> Pairs:
    return Pairs("sqlite", "1 caller: set", "calls/s" if is_gain else "ms", is_gain, before, now)


def test_a_rate_that_fell_in_every_round_is_slower() -> None:
    assert pairs([100, 104, 98], [80, 84, 79]).verdict == "SLOWER"


def test_a_cost_that_grew_in_every_round_is_slower() -> None:
    assert pairs([100, 104, 98], [120, 126, 118], is_gain=False).verdict == "SLOWER"
    assert pairs([120, 126, 118], [100, 104, 98], is_gain=False).verdict == "faster"


def test_rounds_that_disagree_are_noise() -> None:
    unsure = pairs([100, 100, 100, 100], [70, 95, 90, 120])

    assert unsure.verdict == ""
    assert unsure.noise > 0.2


def test_one_disturbed_round_hides_no_change() -> None:
    assert pairs([100, 100, 100, 100, 100], [80, 81, 79, 80, 300]).verdict == "SLOWER"


def test_a_change_of_less_than_three_per_cent_is_noise_however_still_the_machine_was() -> None:
    assert pairs([100, 100], [98, 98]).verdict == ""


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of the sources would count as sources that nothing ran, and measuring takes minutes."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def slowed(tmp_path: Path) -> Side:
    """The sources, with an encoder that dawdles."""
    for name in ("src", "adapters"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "src/botkeep/documents.py").open("a", encoding="utf-8") as module:
        module.write(SLOWED)
    return Side("slowed", tmp_path.resolve())


def test_sources_that_are_slower_are_found_out(slowed: Side, capsys: pytest.CaptureFixture[str]) -> None:
    status = compare_sides(Side("before", ROOT), slowed, ["codec"], rounds=1)
    output = capsys.readouterr().out

    assert status == 1
    assert output.count("SLOWER") == 3
    assert output.count("round 1 of 1") == 2, "what seems slower is measured again"


def test_a_suite_that_the_earlier_sources_cannot_run_is_said_and_counts_for_nothing(
    slowed: Side, capsys: pytest.CaptureFixture[str]
) -> None:
    (slowed.folder / "src/botkeep/documents.py").write_text("raise ImportError('no codec yet')\n")
    earlier = compare_sides(slowed, Side("now", ROOT), ["codec"], rounds=1)
    now = compare_sides(Side("before", ROOT), slowed, ["codec"], rounds=1)

    assert (earlier, now) == (0, 1)
    assert "codec does not run on slowed: ImportError: no codec yet" in capsys.readouterr().out


def test_a_revision_that_git_does_not_know_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--compare", "no-such-revision", "codec"])

    assert status == 2
    assert "git knows no revision 'no-such-revision'" in capsys.readouterr().err


def test_what_needs_gigabytes_is_compared_only_when_it_is_named() -> None:
    assert "sqlite" in suites.quick_names()
    assert "sqlite_million" not in suites.quick_names()
