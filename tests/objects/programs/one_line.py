"""Registers an object with one line and moves its value, in a program with or without an event loop.

Usage: one_line.py (plain | async | import-time) VALUE. It prints the value that it found.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from botkeep.objects import register


class Model:
    def __init__(self) -> None:
        self.value: float = 1.0
        self.needs_backup = False

    def restore(self, data: dict[str, Any]) -> None:
        self.value = data.get("value", 1.0)

    def backup(self) -> dict[str, Any]:
        return {"value": self.value}


def move() -> None:
    model = register(Model())
    print(model.value)  # noqa: T201 # the test reads it
    model.value = float(sys.argv[2])


async def move_async() -> None:
    move()
    await asyncio.sleep(0)


if sys.argv[1] == "plain":
    move()
else:
    asyncio.run(move_async())
