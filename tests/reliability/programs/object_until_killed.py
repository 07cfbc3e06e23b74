"""Saves an object all it can and prints an acknowledgement per save, until somebody kills it.

Usage: object_until_killed.py FILE ROUND. Odd rounds save from async code, even ones directly.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from itertools import count
from typing import Any

from botkeep.objects import StatefulObject

LARGEST = 4_000  # bytes


class Diary(StatefulObject):
    def __init__(self, state_file: str) -> None:
        super().__init__(state_file=state_file)
        self.page: dict[str, Any] = getattr(self, "page", {"version": 0})

    def turn(self, version: int) -> None:
        self.page = {"version": version, "padding": "x" * random.randrange(LARGEST)}


def acknowledge(version: int) -> None:
    os.write(sys.stdout.fileno(), json.dumps(["set", "page", version]).encode() + b"\n")


async def write_async(diary: Diary, first: int) -> None:
    for version in count(first):
        diary.turn(version)
        await asyncio.gather(diary.save(), diary.save())
        acknowledge(version)


def write_directly(diary: Diary, first: int) -> None:
    for version in count(first):
        diary.turn(version)
        diary._save_state()
        acknowledge(version)


diary, turn = Diary(sys.argv[1]), int(sys.argv[2])
if turn % 2:
    asyncio.run(write_async(diary, turn * 1_000_000))
else:
    write_directly(diary, turn * 1_000_000)
