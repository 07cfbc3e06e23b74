"""redis-benchmark, the server's own load generator, in C: one process, no retries, replies not decoded."""

from __future__ import annotations

import asyncio
import csv
import shutil
from typing import Final

from benchmarks.runner import Turn

NAME: Final = "redis-benchmark"


def executable() -> str | None:
    """Return its path; None: it is not installed. On Debian it is in the package redis-tools."""
    return shutil.which(NAME)


def gets(port: int, *, clients: int, size: int, calls: int) -> Turn:
    """Return a turn of so many GETs, each answered with so many bytes."""

    async def turn() -> float:
        await _run(port, "-t", "set", "-n", "1", "-d", str(size))
        return await _run(port, "-t", "get", "-n", str(calls), "-c", str(clients))

    return turn


async def _run(port: int, *options: str) -> float:
    """Return the requests per second of the one test that the options name."""
    tool = executable()
    assert tool is not None
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(tool, "-p", str(port), *options, "--csv", stdout=pipe)
    output, _ = await process.communicate()
    rows = [row for row in csv.reader(output.decode().splitlines()) if row and row[0] in ("SET", "GET")]
    return float(rows[-1][1])
