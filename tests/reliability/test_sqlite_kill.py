"""SIGKILL in the middle of writing: what was acknowledged is there, and the file is sound."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.acknowledgements import Oracle

PROGRAM = Path(__file__).parent / "programs" / "write_until_killed.py"
WRITERS = 8


@pytest.fixture
def oracle(tmp_path: Path) -> Iterator[Oracle]:
    with closing(Oracle(tmp_path / "oracle")) as oracle:
        yield oracle


def killed_while_writing(database: Path, durability: str, turn: int, oracle: Oracle, lines: int) -> None:
    """Let the program run until it has printed so many lines, then kill it; record all that it printed."""
    command = [sys.executable, str(PROGRAM), str(database), durability, str(turn)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:  # noqa: S603 # our own file
        assert program.stdout is not None
        while lines > 0:
            piece = os.read(program.stdout.fileno(), 65536)
            assert piece, "the program died by itself"
            oracle.record(piece)
            lines -= piece.count(b"\n")
        program.kill()
        oracle.record(program.stdout.read())


def read(database: Path) -> dict[str, Any]:
    """Return all documents, read behind the storage's back, from a file that SQLite calls sound."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT identifier, value FROM documents").fetchall()
    return {identifier: json.loads(value) for identifier, value in rows}


def is_whole(journal: list[str]) -> bool:
    """Whether each writer's entries are there from its first on, newest first, none twice."""
    numbers = defaultdict(list)
    for entry in journal:
        writer, _, number = entry.partition("/")
        numbers[writer].append(int(number))
    return all(own == list(reversed(range(len(own)))) for own in numbers.values())


@pytest.mark.parametrize(("durability", "rounds"), [("full", 50), ("normal", 10)])
def test_no_acknowledged_write_is_lost_to_kills_in_the_middle_of_writing(
    tmp_path: Path, oracle: Oracle, durability: str, rounds: int
) -> None:
    database = tmp_path / "killed.db"
    moments = random.Random(2026)
    for turn in range(rounds):
        killed_while_writing(database, durability, turn, oracle, lines=moments.randrange(1, 400))
        documents = read(database)

        assert [entry for entry in oracle if not entry.is_borne_out_by(documents)] == []
        assert is_whole(documents.get(f"journal:{turn}", []))

    counted = sum(entry.deed == "counted" for entry in oracle)
    assert counted <= documents["counter"] <= counted + rounds * WRITERS
