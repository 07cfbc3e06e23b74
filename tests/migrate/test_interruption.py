"""Moves and imports that are killed in the middle, or run while a bot writes, and then run again."""

from __future__ import annotations

import asyncio
import json
import math
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.migrate.test_command_line import run
from tests.servers.redis_server import RedisServer

from botkeep import SQLiteStorage, storage_at

COUNT = 6000
DEADLINE = 60.0
"""Seconds for a tenth to arrive, on a busy machine."""

BOT = """
import asyncio, sys
from botkeep import storage_at

async def main():
    async with storage_at(sys.argv[1]) as storage:
        await storage.set_state("started", True)
        number = 0
        while True:
            number += 1
            await asyncio.gather(
                *(storage.increment(f"k{number % 500 + offset}") for offset in range(0, 6000, 500)),
                storage.set_state("last", {"number": number}),
            )

asyncio.run(main())
"""
"""A bot that goes on counting in all of the documents, in rounds."""


def killed_in_the_middle(command: Sequence[str], arrived: Callable[[], int]) -> int:
    """Kill the command as soon as a tenth has arrived; return how many documents then have."""
    # It yields the processor to whoever looks: else it may be through before anybody has looked again.
    polite = ("nice", "-n", "19", sys.executable)
    with subprocess.Popen([*polite, "-m", "botkeep", *command]) as program:  # noqa: S603 # our own
        deadline = time.monotonic() + DEADLINE
        while arrived() < COUNT / 10:
            assert time.monotonic() < deadline
            assert program.poll() is None
        program.kill()
    return arrived()


@contextmanager
def running_bot(address: str) -> Iterator[None]:
    """A bot that writes into a storage; killed at the end."""
    with subprocess.Popen([sys.executable, "-c", BOT, address]) as bot:  # noqa: S603 # our own
        try:
            yield
        finally:
            bot.kill()


@pytest.fixture(params=["redis", "sqlite"])
def target(request: pytest.FixtureRequest, empty_redis: RedisServer, tmp_path: Path) -> str:
    return empty_redis.url if request.param == "redis" else f"sqlite:{tmp_path}/target.db"


@pytest.fixture
def arrived(target: str, empty_redis: RedisServer) -> Callable[[], int]:
    def in_database() -> int:
        if not Path(target.removeprefix("sqlite:")).exists():
            return 0
        with closing(sqlite3.connect(target.removeprefix("sqlite:"))) as database:
            try:
                return int(database.execute("SELECT count(*) FROM documents").fetchone()[0])
            except sqlite3.OperationalError:  # the table is not there yet
                return 0

    return in_database if target.startswith("sqlite:") else lambda: int(empty_redis.run("DBSIZE"))


async def documents(address: str) -> dict[str, object]:
    async with storage_at(address) as storage:
        keys = await storage.list_keys()
        return dict(zip(keys, await asyncio.gather(*map(storage.get_state, keys)), strict=True))


@pytest.fixture
async def source(tmp_path: Path) -> str:
    async with SQLiteStorage(tmp_path / "bot.db", durability="normal") as storage:
        await asyncio.gather(*(storage.set_state(f"k{number}", number) for number in range(COUNT)))
    return f"sqlite:{tmp_path}/bot.db"


@pytest.fixture
def addons(tmp_path: Path) -> Path:
    """A database of kurigram-addons, with dialogues of which each tenth has a time to live."""
    path = tmp_path / "fsm.db"
    ends = [time.time() + 3600 if number % 10 == 0 else None for number in range(COUNT)]
    rows = [
        (f"chat:{number}", json.dumps({"name": "a", "data": {"n": number}}), ends[number])
        for number in range(COUNT)
    ]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE fsm_state (identifier TEXT PRIMARY KEY, state_json, expires_at)")
        database.execute("CREATE TABLE fsm_counter (identifier TEXT PRIMARY KEY, value, expires_at)")
        database.executemany("INSERT INTO fsm_state VALUES (?, ?, ?)", rows)
    return path


async def test_a_killed_move_is_completed_by_the_next(
    source: str, target: str, arrived: Callable[[], int]
) -> None:
    interrupted_at = killed_in_the_middle(["migrate", source, target], arrived)
    again = run("migrate", source, target)

    assert COUNT / 10 <= interrupted_at < COUNT
    assert again.returncode == 0, again.stderr
    assert f"{COUNT - interrupted_at} copied, {interrupted_at} already there" in again.stdout
    assert arrived() == COUNT
    assert await documents(target) == await documents(source)


async def test_a_killed_import_is_completed_by_the_next_and_a_third_finds_all_there(
    addons: Path, target: str, arrived: Callable[[], int]
) -> None:
    command = ["import", "kurigram-addons-sqlite", str(addons), target]

    interrupted_at = killed_in_the_middle(command, arrived)
    again, third = run(*command), run(*command)

    assert COUNT / 10 <= interrupted_at < COUNT
    assert again.returncode == 0, again.stderr
    assert f"{COUNT - interrupted_at} copied, {interrupted_at} already there" in again.stdout
    assert f"0 copied, {COUNT} already there" in third.stdout
    found = await documents(target)
    assert found == {f"chat:{number}": {"name": "a", "data": {"n": number}} for number in range(COUNT)}
    async with storage_at(target) as storage:
        assert 3000 < (await storage.get_ttl("chat:10") or 0) < 3600
        assert await storage.get_ttl("chat:11") == math.inf


async def test_what_a_bot_writes_while_it_is_moved_is_named_and_can_be_brought_along_later(
    source: str, target: str, arrived: Callable[[], int]
) -> None:
    with running_bot(source):
        killed_in_the_middle(["migrate", source, target], arrived)
        meanwhile = run("migrate", source, target)
    stopped = run("migrate", source, target)
    last = run("migrate", source, target, "--overwrite")

    for done in (meanwhile, stopped):
        assert done.returncode == 0 or "the target holds other documents" in done.stderr
        assert "Traceback" not in done.stderr
    assert stopped.returncode == 1
    assert "--overwrite" in stopped.stderr
    assert last.returncode == 0, last.stderr
    assert await documents(target) == await documents(source)
