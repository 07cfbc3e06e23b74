"""`rate_limit`: the limits that every adapter has, in the same shape."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from tests.adapters.conditions import until
from tests.adapters.discord import payloads
from tests.adapters.discord.bots import Bot, running
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage
from botkeep_discord import Cooldown, cooldown, rate_limit


def bot_with(storage: MemoryStorage, limit: Cooldown) -> Bot:
    bot = Bot(backend=storage)

    @bot.tree.command(description="roll")
    @limit
    async def roll(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("6")

    @bot.tree.error
    async def on_error(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        await interaction.response.send_message(type(error).__name__)

    return bot


LATE = "CommandOnCooldown"


@pytest.mark.parametrize(
    ("scope", "answers"),
    [("user", ["6", "6", LATE]), ("chat", ["6", LATE, LATE]), ("global", ["6", LATE, LATE])],
)
async def test_a_scope_says_what_is_counted_together(
    server: DiscordServer, storage: MemoryStorage, scope: Any, answers: list[str]
) -> None:
    async with running(bot_with(storage, rate_limit(None, "1/minute", scope=scope))):
        given = [await server.command("roll", user=who) for who in (7, 8, 7)]

    assert [answer["data"]["content"] for answer in given] == answers


async def test_uses_are_counted_in_the_storage_that_is_given_and_against_all_rates(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    counts = MemoryStorage()
    limit = rate_limit(counts, ["1/second", "2/minute"], name="roll", strategy="sliding")
    async with running(bot_with(storage, limit)):
        first = await server.command("roll")
        second = await server.command("roll")
    names = await counts.list_namespaces()
    await counts.stop()

    assert [first["data"]["content"], second["data"]["content"]] == ["6", LATE]
    assert names == ["roll"]


@pytest.mark.parametrize(
    "limit", [rate_limit(None, "1/minute"), cooldown(1, 60.0)], ids=["rate_limit", "cooldown"]
)
async def test_bots_on_one_storage_have_counts_of_their_own(limit: Cooldown) -> None:
    def use(bot_id: int) -> Any:
        author = SimpleNamespace(id=7)
        return SimpleNamespace(
            bot=SimpleNamespace(user=SimpleNamespace(id=bot_id)),
            channel=SimpleNamespace(id=CHANNEL),
            author=author,
            message=SimpleNamespace(author=author, webhook_id=None),
            interaction=None,
        )

    assert await limit._identify(use(1)) != await limit._identify(use(2))
    assert await limit._identify(use(1)) == await limit._identify(use(1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scope": "users"}, "scope must be"),
        ({"strategy": "gcraa"}, "strategy must be"),
        ({"on_unavailable": "allowed"}, "on_unavailable must be"),
        ({"rate": "5 a minute"}, "5 a minute"),
    ],
)
def test_what_is_misspelt_is_refused_where_it_is_written(settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rate_limit(None, settings.pop("rate", "5/minute"), **settings)


async def test_a_webhook_is_no_user_and_not_limited_as_one(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    heard: list[str] = []
    bot = Bot(backend=storage)

    @bot.command()
    @rate_limit(None, "1/minute")
    async def say(_: commands.Context[Any], word: str) -> None:
        heard.append(word)

    async def has_heard_all() -> bool:
        return len(heard) == 3

    async with running(bot):
        for number, fields in enumerate(({"webhook_id": "7"}, {"webhook_id": "7"}, {})):
            body = payloads.message(number, CHANNEL, {"content": f"!say {number}"})
            event = {**body, "author": payloads.user(7), **fields}
            await server.gateway.send("MESSAGE_CREATE", event)
        await until(has_heard_all)
