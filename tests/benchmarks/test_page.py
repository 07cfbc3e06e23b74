from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.page import BEGIN, END, write
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import QUICK

from benchmarks import suites

PAGE = f"# Performance\n\nProse.\n\n{BEGIN}\n\nold figures\n\n{END}\n\nMore prose.\n"
MEASURED = {"codec": [Row("500 bytes", "calls/s", [4], [2], "peer", AtLeast(3), "a note")]}


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "performance.md").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr("benchmarks.__main__._HERE", tmp_path)
    monkeypatch.setattr("benchmarks.__main__._DOCS", tmp_path)
    return tmp_path


def test_figures_take_the_place_of_those_between_the_marks_and_prose_stays(docs: Path) -> None:
    write(docs / "performance.md", MEASURED)
    page = (docs / "performance.md").read_text(encoding="utf-8")

    assert page.startswith(f"# Performance\n\nProse.\n\n{BEGIN}\n")
    assert page.endswith(f"\n{END}\n\nMore prose.\n")
    assert "old figures" not in page
    assert "| 500 bytes | calls/s | 4 | 2 | peer [1] | 2x | ratio ≥ 3x | NOT MET |" in page
    assert "\n1. a note\n" in page
    assert "0 of 1 bars were met" in page


@pytest.mark.parametrize("page", ["no marks", f"{BEGIN} alone", f"{END} {BEGIN}", PAGE + PAGE])
def test_a_page_without_its_marks_is_refused_and_left_as_it_is(tmp_path: Path, page: str) -> None:
    path = tmp_path / "performance.md"
    path.write_text(page, encoding="utf-8")

    with pytest.raises(ValueError, match="once each"):
        write(path, MEASURED)
    assert path.read_text(encoding="utf-8") == page


def test_the_page_of_the_documentation_has_its_marks(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "performance.md"
    copy = tmp_path / "performance.md"
    copy.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    write(copy, MEASURED)

    assert "| 500 bytes |" in copy.read_text(encoding="utf-8")


def test_a_full_run_writes_the_page_and_its_picture(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "names", lambda: ["codec"])
    monkeypatch.setattr("benchmarks.__main__.FULL", QUICK)
    status = main([])

    assert status == 0
    assert "| 500 bytes | µs |" in (docs / "performance.md").read_text(encoding="utf-8")
    assert "<svg" in (docs / "performance.svg").read_text(encoding="utf-8")


def test_a_run_of_some_suites_leaves_the_page_as_it_is(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.__main__.FULL", QUICK)
    main(["codec"])

    assert (docs / "performance.md").read_text(encoding="utf-8") == PAGE


def test_a_run_in_which_a_suite_fails_leaves_the_page_as_it_is(
    docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "names", lambda: ["absent", "codec"])
    monkeypatch.setattr("benchmarks.__main__.FULL", QUICK)
    status = main([])

    assert status == 1
    assert (docs / "performance.md").read_text(encoding="utf-8") == PAGE
