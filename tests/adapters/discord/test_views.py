from __future__ import annotations

from pathlib import Path

from tests.adapters.discord.bots import Bot, Counter, running
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.server import DiscordServer

from holdfast import SQLiteStorage


async def test_a_view_answers_after_a_restart_and_goes_on_with_its_state(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with running(Bot(backend=SQLiteStorage(tmp_path / "bot.db"))) as bot:
        channel = bot.get_partial_messageable(CHANNEL)
        message = await Counter(state_key="lobby", step=2).send(channel, "click")
        first = await server.click(message.id, "add")

    async with running(Bot(backend=SQLiteStorage(tmp_path / "bot.db"))) as bot:
        second = await server.click(message.id, "add")

    assert bot.summary == {"restored": ["lobby"], "skipped": [], "failed": [], "removed": []}
    assert first["data"]["content"] == "2 clicks"
    assert second["data"]["content"] == "4 clicks"
