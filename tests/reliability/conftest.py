"""What the tests of reliability share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reliability.full_disks import Disk, FaultyDisk, small_or_faulty


@pytest.fixture(params=["small file system", "faults"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A disk that runs full when the test says so."""
    if request.param == "faults":
        yield FaultyDisk(tmp_path, monkeypatch)
    else:
        with small_or_faulty(tmp_path, monkeypatch) as disk:
            yield disk
