"""A bot that stores until it is told to stop by SIGTERM.

Usage: bot_with_signals.py FILE handled|unhandled.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from botkeep import SQLiteStorage


async def main(path: str, how: str) -> None:
    stopping = asyncio.Event()
    if how == "handled":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with SQLiteStorage(path) as storage:
        for number in range(50):
            await storage.set_state(f"order:{number}", number)
        print("stored", flush=True)  # noqa: T201 # the parent waits for it
        await stopping.wait()


asyncio.run(main(*sys.argv[1:]))
