from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks.__main__ import main
from benchmarks.rows import AtLeast, AtMost, Row, Within

from benchmarks import suites


def test_a_quick_run_prints_a_row_for_each_figure_with_its_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["codec", "--quick", "--output", str(tmp_path)])
    table = capsys.readouterr().out

    assert status == 0
    assert re.search(r"^what +unit +botkeep +peer +ratio +bar$", table, re.MULTILINE)
    assert re.search(
        r"^500 bytes +µs +[\d.]+ +[\d.]+  bare orjson +[\d.]+x  ratio ≤ 2x  (met|NOT MET)$",
        table,
        re.MULTILINE,
    )
    assert re.search(r"^[01] of 1 bars met$", table, re.MULTILINE)


def test_a_run_keeps_the_figures_of_all_rounds_and_a_picture(tmp_path: Path) -> None:
    main(["codec", "--quick", "--output", str(tmp_path)])
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))

    first, *_ = results["suites"]["codec"]
    assert first["bar"] == "ratio ≤ 2x"
    assert first["rounds"]["ours"] == [first["ours"]]
    assert results["machine"]["packages"]["botkeep"]
    assert "<svg" in (tmp_path / "performance.svg").read_text(encoding="utf-8")


def test_a_quick_run_leaves_no_files_unless_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.__main__._HERE", tmp_path)
    monkeypatch.setattr("benchmarks.__main__._DOCS", tmp_path)
    main(["codec", "--quick"])

    assert list(tmp_path.iterdir()) == []


def test_a_suite_that_does_not_exist_is_refused_with_the_names_of_those_that_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["sqlight"])
    complaint = capsys.readouterr().err

    assert "no such suite: sqlight" in complaint
    assert ", ".join(suites.names()) in complaint


def test_a_suite_that_fails_leaves_the_others_standing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load = suites.load

    def load_or_fail(name: str) -> suites.Suite:
        if name == "memory":
            raise ModuleNotFoundError("No module named 'kurigram_addons'")
        return load(name)

    monkeypatch.setattr(suites, "load", load_or_fail)
    status = main(["memory", "codec", "--quick"])
    output = capsys.readouterr()

    assert status == 1
    assert "No module named 'kurigram_addons'" in output.err
    assert "500 bytes" in output.out


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    row = Row("set", "calls/s", ours=[10, 20, 90], peer=[1, 4, 10], peer_name="peer")

    assert row.ratios == [10, 5, 9]
    assert row.ratio == 9
    assert row.is_met is None


@pytest.mark.parametrize(
    ("bar", "met"),
    [(AtLeast(2), True), (AtLeast(2.1), False), (AtMost(2), True), (AtMost(1.9), False)],
)
def test_a_bar_on_a_ratio_is_met_at_its_very_figure(bar: AtLeast | AtMost, *, met: bool) -> None:
    row = Row("set", "calls/s", ours=[4], peer=[2], bar=bar)

    assert row.is_met is met


@pytest.mark.parametrize(
    ("bar", "text"),
    [(AtLeast(2.5), "ratio ≥ 2.5x"), (AtMost(1.5), "ratio ≤ 1.5x"), (Within(3), "botkeep ≤ 3 s")],
)
def test_a_bar_names_the_column_that_it_bounds_and_its_unit(bar: Any, text: str) -> None:
    assert Row("start", "s", ours=[1], peer=[2], bar=bar).bar_text == text


@pytest.mark.parametrize(
    ("unit", "is_gain"), [("calls/s", True), ("fields kept", True), ("ms", False), ("round trips", False)]
)
def test_rates_and_what_is_kept_are_gains_all_else_costs(unit: str, *, is_gain: bool) -> None:
    assert Row("x", unit, ours=[1]).is_gain is is_gain


def test_a_bar_on_a_figure_needs_no_peer() -> None:
    assert Row("import", "ms", ours=[60], bar=Within(60)).is_met is True
    assert Row("import", "ms", ours=[61], bar=Within(60)).is_met is False
