"""A real process, killed by SIGKILL in the middle of its work, and started anew on the same file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.adapters.discord.processes import launched
from tests.adapters.discord.server import DiscordServer

PROGRAM = Path(__file__).with_name("counter_bot.py")
KILLS = 3
CLICKERS = 20


async def test_no_click_that_was_answered_is_lost_however_often_the_bot_is_killed(
    server: DiscordServer, tmp_path: Path
) -> None:
    database = str(tmp_path / "bot.db")
    async with launched(PROGRAM, server, DATABASE=database):
        await server.command("panel")
        await server.until(lambda: len(server.rest.messages) == 2)
    message = min(server.rest.messages)
    answered: list[int] = []

    async def click_on() -> None:
        while True:
            answer = await server.click(message, "add")
            answered.append(int(answer["data"]["content"].split()[0]))

    for round_ in range(KILLS):
        async with launched(PROGRAM, server, DATABASE=database) as process:
            clicking = [asyncio.ensure_future(click_on()) for _ in range(CLICKERS)]
            while len(answered) < 50 * (round_ + 1):
                await asyncio.wait(clicking, timeout=0.005)
            process.kill()
            await process.wait()
            for clicker in clicking:
                clicker.cancel()
            await asyncio.wait(clicking)

    async with launched(PROGRAM, server, DATABASE=database):
        total = int((await server.click(message, "add"))["data"]["content"].split()[0])

    assert len(set(answered)) == len(answered)
    assert len(answered) < total <= len(answered) + KILLS * CLICKERS + 1
