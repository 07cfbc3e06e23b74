"""SIGKILL in the middle of saving: the state file is whole and holds the last acknowledged save."""

from __future__ import annotations

import json
import random
from contextlib import closing
from pathlib import Path

from tests.reliability.acknowledgements import Oracle
from tests.reliability.killing import killed_while_writing

ROUNDS = 50


def test_no_acknowledged_save_is_lost_to_kills_in_the_middle_of_saving(tmp_path: Path) -> None:
    path, moments = tmp_path / "state.json", random.Random(2026)
    with closing(Oracle(tmp_path / "oracle")) as oracle:
        for turn in range(ROUNDS):
            lines = moments.randrange(1, 60)
            killed_while_writing("object_until_killed.py", path, turn, oracle=oracle, lines=lines)
            state = json.loads(path.read_bytes())

            assert [entry for entry in oracle if not entry.is_borne_out_by(state)] == []

    left = sorted(found.name for found in tmp_path.iterdir() if not found.name.endswith(".unfinished"))
    assert left == ["oracle", "state.json"]
