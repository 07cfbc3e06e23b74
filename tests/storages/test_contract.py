"""The contract as a stranger meets it: in a project of their own, and with storages that are wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

BROKEN = Path(__file__).parent / "programs" / "broken_storages.py"

PROJECT = """
import math
import pytest
from botkeep import MemoryStorage
from botkeep.hooks import Stored
from botkeep.testing import StorageContract

class TestMyStorage(StorageContract):
    def create(self, *, default_ttl=None):
        self.made = MemoryStorage(default_ttl, clock=self.clock)
        return self.made

    def another(self, storage):
        return storage

    async def raw_read(self, namespace, identifier):
        entry = self.made._documents[namespace].entries.get(identifier)
        return entry and entry.value

    async def raw_write(self, namespace, identifier, value):
        self.made._store(namespace, identifier, Stored(value, math.inf), None)
"""

WRONG = """
    async def advance(self, seconds):
        pass
"""


def run_pytest(folder: Path, *arguments: object) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 # ours
    return done.stdout + done.stderr


@pytest.mark.parametrize(("mode", "scope"), [("strict", "session"), ("auto", "function")])
def test_a_stranger_runs_the_laws_in_any_mode_of_pytest_asyncio(
    tmp_path: Path, mode: str, scope: str
) -> None:
    (tmp_path / "test_mine.py").write_text(PROJECT)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers\nfilterwarnings = error\nasyncio_default_test_loop_scope = "
        f"{scope}\nasyncio_default_fixture_loop_scope = {scope}\n"
    )

    said = run_pytest(tmp_path, f"--asyncio-mode={mode}", "-k", "namespace or increment or default_ttl")

    assert " passed" in said
    assert "failed" not in said
    assert "error" not in said


def test_a_law_that_is_broken_says_how(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(PROJECT + WRONG)

    said = run_pytest(tmp_path, "--asyncio-mode=strict", "-k", "expired_counter_restarts")

    assert "1 failed" in said
    assert "assert 7 == 2" in said


def test_a_class_without_a_hook_is_told_which_one_is_missing(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "from botkeep.testing import StorageContract\nclass TestMine(StorageContract): pass\n"
    )

    said = run_pytest(tmp_path, "--asyncio-mode=strict", "-k", "stored_none")

    assert "NotImplementedError: a test class of a storage has to write create()" in said


def test_every_fault_is_found_by_its_laws(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"

    run_pytest(tmp_path, "--asyncio-mode=auto", f"--junit-xml={report}", BROKEN)

    found: dict[str, int] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 # pytest's own report
        name = case.get("classname", "").rpartition(".")[2]
        found[name] = found.get(name, 0) + (case.find("failure") is not None)
    assert len(found) > 15
    assert [name for name, failures in found.items() if not failures] == []
