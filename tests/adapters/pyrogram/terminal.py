"""examples/pyrogram_bot.py on standard input and output, as a process that can be killed.

A line ``7: hello`` is a message of user 7; what the bot answers is printed, and an empty line when it is done.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.adapters.pyrogram.offline import OfflineClient

from holdfast import SQLiteStorage

sys.path.append(str(Path(__file__).parents[3] / "examples"))
from pyrogram_bot import new_bot  # examples are no package


async def main(path: str) -> None:
    app = new_bot(SQLiteStorage(path), OfflineClient)
    await app.start()
    await asyncio.sleep(0.1)  # add_handler only schedules a task; no public event says when it has run
    while line := await asyncio.to_thread(sys.stdin.readline):
        who, _, text = line.strip().partition(": ")
        seen = len(app.sent)
        await app.say(text, user=int(who))
        print(*app.sent[seen:], "", sep="\n", flush=True)  # noqa: T201 # to the test


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
