"""The page that shows what the laws find speaks of the laws as they are."""

from __future__ import annotations

import re

from tests.peers.report import BEGIN, PAGE, families

from botkeep.testing import StorageContract

WRITTEN = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2]


def test_the_page_has_a_row_for_every_family_of_laws() -> None:
    rows = [row.split(" | ")[0].removeprefix("| ") for row in WRITTEN.splitlines() if row.startswith("| Law")]

    assert rows == list(families().values())


def test_the_page_names_no_test_that_is_gone() -> None:
    named = re.findall(r"`(test_\w+)`", WRITTEN)

    assert len(named) > 30
    assert [name for name in named if not hasattr(StorageContract, name)] == []
