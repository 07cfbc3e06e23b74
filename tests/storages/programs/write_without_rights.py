"""Try to write to the database at the path, as a user without rights; print the error and the health."""

# ruff: noqa: T201 # a program speaks to the test that runs it

from __future__ import annotations

import asyncio
import os
import sys

from botkeep import SQLiteStorage, StorageUnavailableError


async def main() -> None:
    storage = SQLiteStorage(sys.argv[1])
    try:
        await storage.set_state("order", 2)
    except StorageUnavailableError as error:
        print(error)
    print(await storage.health())
    await storage.stop()


if os.geteuid() == 0:
    os.seteuid(65534)  # no chmod binds root
asyncio.run(main())
