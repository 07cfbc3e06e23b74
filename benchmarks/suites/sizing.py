"""What 3,000,000 dialogues of 500 bytes take, beside 1,000,000: what grows with them, and what does not.

A ratio of 3 is a cost that grows with the dialogues; what is said of one dialogue has a ratio of 1 then. A
start lasts from opening to the first dialogue read, with none of the file in memory.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import orjson
from redis import Redis
from tests.servers.redis_server import RedisServer

from benchmarks.rows import AtMost, Bar, Row, Within
from benchmarks.runner import Scale
from benchmarks.sqlite_files import forget_pages, write_file
from benchmarks.workloads import DOCUMENT, identifiers
from botkeep import SQLiteStorage

_MILLION: Final = 1_000_000
_TIMES: Final = 3
_PAGE: Final = 10_000
_VALUE: Final = orjson.dumps(DOCUMENT)


class _Figure(NamedTuple):
    name: str
    unit: str
    value: float
    bar: Bar | None = None


async def run(scale: Scale) -> list[Row]:
    few, many = scale.of(_MILLION), scale.of(_TIMES * _MILLION)
    return [
        Row(large.name, large.unit, [large.value], [small.value], f"among {few:,}", large.bar)
        for small, large in zip(await _all_of(few), await _all_of(many), strict=True)
    ]


async def _all_of(count: int) -> list[_Figure]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as folder:
        return [
            *await _sqlite(Path(folder), count),
            *await asyncio.to_thread(_redis, Path(folder), count),
            *await _memory(count),
        ]


async def _sqlite(folder: Path, count: int) -> list[_Figure]:
    """In no order, as users come: an index that was filled in order takes less."""
    path, copy = folder / "bot.db", folder / "copy.db"
    everyone = identifiers(count)
    size = await write_file(path, random.Random(1).sample(everyone, count), _VALUE, namespace="fsm")
    forget_pages(path)
    start, memory = await _footprint("sqlite", path, count)
    async with SQLiteStorage(path) as storage:
        begin = time.perf_counter()
        await storage.backup(copy)
        seconds = time.perf_counter() - begin
    return [
        _Figure("SQLite: file", "bytes a dialogue", size / count, AtMost(1.05)),
        _Figure("SQLite: start", "ms", start * 1e3, Within(250)),
        _Figure("SQLite: memory of the bot", "MB", memory / 1e6, AtMost(1.2)),
        _Figure("SQLite: backup", "s", seconds),
    ]


def _redis(folder: Path, count: int) -> list[_Figure]:
    """With a copy on disk, which the server writes and loads in a new start."""
    with RedisServer(folder) as server, Redis(port=server.port, socket_timeout=600) as driver:
        before = int(driver.info("memory")["used_memory"])
        for keys in _pages(count):
            driver.mset(dict.fromkeys(keys, _VALUE))
        memory = int(driver.info("memory")["used_memory"]) - before
        driver.save()
        size = (folder / "dump.rdb").stat().st_size
        begin = time.perf_counter()
        driver.execute_command("DEBUG", "RELOAD", "NOSAVE")
        seconds = time.perf_counter() - begin
    return [
        _Figure("Redis: memory of the server", "bytes a dialogue", memory / count, AtMost(1.2)),
        _Figure("Redis: copy on disk", "bytes a dialogue", size / count, AtMost(1.05)),
        _Figure("Redis: loading the copy", "s", seconds),
    ]


def _pages(count: int) -> Iterator[list[str]]:
    keys = [f"botkeep:fsm:{own}" for own in identifiers(count)]
    for start in range(0, count, _PAGE):
        yield keys[start : start + _PAGE]


async def _memory(count: int) -> list[_Figure]:
    _, memory = await _footprint("memory", Path("-"), count)
    return [_Figure("MemoryStorage: memory of the bot", "bytes a dialogue", memory / count, AtMost(1.2))]


async def _footprint(engine: str, path: Path, count: int) -> tuple[float, float]:
    command = ("-m", "benchmarks.footprint", engine, str(path), str(count))
    program = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    said, _ = await program.communicate()
    assert program.returncode == 0, f"the program with {engine} failed"
    found = json.loads(said)
    return found["start"], found["memory"]
