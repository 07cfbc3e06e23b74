"""Write to the database at the path, begin more writes, and leave without a stop, in the way asked for."""

# ruff: noqa: T201 # a program speaks to the test that runs it

from __future__ import annotations

import asyncio
import sys

from botkeep import SQLiteStorage

path, way = sys.argv[1:]
storage = SQLiteStorage(path)


async def write() -> None:
    await asyncio.gather(*(storage.set_state(f"acknowledged:{number}", number) for number in range(20)))
    for number in range(500):
        task = asyncio.ensure_future(storage.set_state(f"under way:{number}", number))
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
    await asyncio.sleep(0)


if way == "loop closed over its tasks":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(write())
    loop.close()
elif way == "system exit":
    asyncio.run(write())
    sys.exit(0)
elif way == "kept to the end":
    asyncio.run(write())
else:
    asyncio.run(write())
    del storage
print("done")
