"""One bot in two shards: each hears of its own guilds, and both share the views."""

from __future__ import annotations

import discord
from discord.ext import commands
from tests.adapters.conditions import until
from tests.adapters.discord.bots import Counter, running
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.server import DiscordServer

from botkeep import BaseStorage, MemoryStorage
from botkeep_discord import RestoreSummary, setup_persistence


class ShardedBot(commands.AutoShardedBot):
    """Two shards in one process."""

    def __init__(self, storage: MemoryStorage) -> None:
        intents = discord.Intents.default()
        super().__init__("!", intents=intents, shard_count=2, guild_ready_timeout=0.01)
        self.storage = storage
        self.summary = RestoreSummary()

    async def setup_hook(self) -> None:
        self.summary = await setup_persistence(self, backend=self.storage)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait five seconds between shards, as Discord wants it."""


async def test_views_answer_on_every_shard_after_a_restart(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(ShardedBot(storage)) as bot:
        view = Counter(state_key="lobby")
        message = await view.send(bot.get_partial_messageable(CHANNEL))
        await server.click(message.id, "add", guild=1 << 22, shard=1)
    async with running(ShardedBot(storage)) as bot:
        answers = [await server.click(message.id, "add", guild=shard << 22, shard=shard) for shard in (0, 1)]

    assert bot.summary["restored"] == ["lobby"]
    assert [answer["data"]["content"] for answer in answers] == ["2 clicks", "3 clicks"]


async def test_a_message_deleted_on_one_shard_takes_its_view_along(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(ShardedBot(storage)) as bot:
        view = Counter(state_key="lobby")
        message = await view.send(bot.get_partial_messageable(CHANNEL))
        await server.gateway.send(
            "MESSAGE_DELETE",
            {"id": str(message.id), "channel_id": str(CHANNEL), "guild_id": str(1 << 22)},
            shard=1,
        )
        rows = storage.namespace("discord").namespace("views")
        await until(lambda: _is_empty(rows))

    assert view.is_finished()


async def _is_empty(rows: BaseStorage) -> bool:
    return not await rows.list_keys()
