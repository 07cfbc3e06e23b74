"""Writes all it can into a SQLite file and prints an acknowledgement per write, until somebody kills it.

Usage: write_until_killed.py FILE DURABILITY ROUND. An acknowledgement is a line of JSON on standard output,
printed once the verb has returned; ``acknowledgements.py`` reads them.
"""

from __future__ import annotations

import asyncio
import json
import operator
import os
import random
import sys
from functools import partial
from itertools import count
from typing import Any

from botkeep import SQLiteStorage

WRITERS = 8  # of each kind
LARGEST = 16_000  # bytes: a few hundred such documents fill the WAL, so that kills hit checkpoints too


def acknowledge(*words: Any) -> None:
    os.write(sys.stdout.fileno(), json.dumps(words).encode() + b"\n")


async def set_documents(storage: SQLiteStorage, writer: int, first: int) -> None:
    for version in count(first):
        document = {"version": version, "padding": "x" * random.randrange(LARGEST)}
        await storage.set_state(f"document:{writer}", document)
        acknowledge("set", f"document:{writer}", version)


async def count_up(storage: SQLiteStorage) -> None:
    while True:
        acknowledge("counted", "counter", await storage.increment("counter"))


async def keep_journal(storage: SQLiteStorage, writer: int, turn: int) -> None:
    for number in count():
        entry = f"{writer}/{number}"
        await storage.update(f"journal:{turn}", partial(operator.add, [entry]), default=[])
        acknowledge("noted", f"journal:{turn}", entry)


async def create_and_delete(storage: SQLiteStorage, writer: int, turn: int) -> None:
    for number in count():
        identifier = f"guest:{turn}:{writer}:{number}"
        await storage.compare_and_set(identifier, "here", expected=None)
        if number % 2:
            acknowledge("created", identifier, None)
        else:
            await storage.delete_state(identifier)
            acknowledge("deleted", identifier, None)


async def main(path: str, durability: Any, turn: int) -> None:
    async with SQLiteStorage(path, durability=durability) as storage:
        await asyncio.gather(
            *[set_documents(storage, writer, turn * 1_000_000) for writer in range(WRITERS)],
            *[count_up(storage) for _ in range(WRITERS)],
            *[keep_journal(storage, writer, turn) for writer in range(WRITERS)],
            *[create_and_delete(storage, writer, turn) for writer in range(WRITERS)],
        )


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
