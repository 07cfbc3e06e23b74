"""SIGKILL in the middle of writing: the file of a FileStorage is whole, with all that was acknowledged."""

from __future__ import annotations

import json
import random
from contextlib import closing
from pathlib import Path

from tests.reliability.acknowledgements import Oracle
from tests.reliability.killing import killed_while_writing

from botkeep import FileStorage

ROUNDS = 50
WRITERS = 4


async def test_no_acknowledged_write_is_lost_to_kills_in_the_middle_of_writing(tmp_path: Path) -> None:
    path, moments = tmp_path / "bot.json", random.Random(2026)
    with closing(Oracle(tmp_path / "oracle")) as oracle:
        for turn in range(ROUNDS):
            lines = moments.randrange(1, 60)
            killed_while_writing("file_until_killed.py", path, turn, oracle=oracle, lines=lines)
            # Read behind the storage's back: no recovery may have been needed.
            documents = json.loads(path.read_bytes())["documents"]

            assert [entry for entry in oracle if not entry.is_borne_out_by(documents)] == []
        counted = sum(entry.deed == "counted" for entry in oracle)

    async with FileStorage(path) as storage:
        assert counted <= await storage.get_state("counter") <= counted + ROUNDS * WRITERS
    assert names(tmp_path) == ["bot.json", "bot.json.bak", "bot.json.lock", "oracle"]


def names(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir())
