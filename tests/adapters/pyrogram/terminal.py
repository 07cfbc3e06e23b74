"""examples/pyrogram_bot.py on standard input and output, as a process that can be killed.

A line ``7: hello`` is a message of user 7; what the bot answers is printed, and an empty line at the end.
"""

from __future__ import annotations

import asyncio
import sys

from examples.pyrogram_bot import new_bot
from tests.adapters.pyrogram.offline import OfflineClient

from botkeep import SQLiteStorage


async def main(path: str) -> None:
    app = new_bot(SQLiteStorage(path), OfflineClient)
    await app.begin()
    while line := await asyncio.to_thread(sys.stdin.readline):
        who, _, text = line.strip().partition(": ")
        seen = len(app.sent)
        await app.say(text, user=int(who))
        print(*app.sent[seen:], "", sep="\n", flush=True)  # noqa: T201 # to the test


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
