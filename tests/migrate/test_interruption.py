"""`python -m botkeep migrate`, killed in the middle and run again."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from pathlib import Path

from tests.migrate.test_command_line import run
from tests.servers.redis_server import RedisServer

from botkeep import RedisStorage, SQLiteStorage
from botkeep.hooks import Stored

COUNT = 20_000


def killed_in_the_middle(command: list[str], server: RedisServer) -> int:
    """Kill the command as soon as a tenth has arrived; return how many documents then have."""
    with subprocess.Popen([sys.executable, "-m", "botkeep", *command]) as program:  # noqa: S603 # our own
        deadline = time.monotonic() + 30
        while server.run("DBSIZE") < COUNT / 10:
            assert time.monotonic() < deadline
        program.kill()
    return int(server.run("DBSIZE"))


async def test_a_killed_move_is_completed_by_the_next(empty_redis: RedisServer, tmp_path: Path) -> None:
    async with SQLiteStorage(tmp_path / "bot.db", durability="normal") as source:
        records = {f"k{number}": number for number in range(COUNT)}
        await source._add_many(
            "many", {key: Stored(b"%d" % number, math.inf) for key, number in records.items()}
        )
    command = ["migrate", f"{tmp_path}/bot.db", empty_redis.url]

    interrupted_at = killed_in_the_middle(command, empty_redis)
    again = run(*command)

    assert COUNT / 10 <= interrupted_at < COUNT
    assert again.returncode == 0, again.stderr
    assert f"{COUNT - interrupted_at} copied, {interrupted_at} already there" in again.stdout
    assert empty_redis.run("DBSIZE") == COUNT
    async with RedisStorage.from_url(empty_redis.url) as target:
        found = await target._get_many("many", list(records))
    assert [stored and int(stored.value) for stored in found] == list(records.values())
