"""Write to the database at the path while the system lets no file grow; print what failed and what is there.

The system says EFBIG to SQLite, which calls that an I/O error: a real one, in the middle of a transaction.
"""

# ruff: noqa: T201 # a program speaks to the test that runs it

from __future__ import annotations

import asyncio
import resource
import sys

from botkeep import SQLiteStorage, StorageUnavailableError

SIZE = 64 * 1024


async def main() -> None:
    async with SQLiteStorage(sys.argv[1]) as storage:
        await storage.set_state("order", 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, resource.RLIM_INFINITY))
        failed = 0
        for number in range(50):
            try:
                await storage.set_state("large", "x" * 30_000 + str(number))
            except StorageUnavailableError:
                failed += 1
        found = await storage.get_state("order")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(failed > 0, found, await storage.increment("order"))


asyncio.run(main())
