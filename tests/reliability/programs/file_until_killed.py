"""Writes all it can into a file storage and prints an acknowledgement per write, until somebody kills it.

Usage: file_until_killed.py FILE ROUND. An acknowledgement is a line of JSON on standard output, printed once
the verb has returned; ``acknowledgements.py`` reads them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from itertools import count
from typing import Any

from botkeep import FileStorage

WRITERS = 4  # of each kind
LARGEST = 4_000  # bytes


def acknowledge(*words: Any) -> None:
    os.write(sys.stdout.fileno(), json.dumps(words).encode() + b"\n")


async def set_documents(storage: FileStorage, writer: int, first: int) -> None:
    for version in count(first):
        document = {"version": version, "padding": "x" * random.randrange(LARGEST)}
        await storage.set_state(f"document:{writer}", document)
        acknowledge("set", f"document:{writer}", version)


async def count_up(storage: FileStorage) -> None:
    while True:
        acknowledge("counted", "counter", await storage.increment("counter"))


async def main(path: str, turn: int) -> None:
    async with FileStorage(path) as storage:
        await asyncio.gather(
            *[set_documents(storage, writer, turn * 1_000_000) for writer in range(WRITERS)],
            *[count_up(storage) for _ in range(WRITERS)],
        )


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
