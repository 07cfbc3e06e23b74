from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from tests.adapters.conditions import until
from tests.adapters.discord import payloads
from tests.adapters.discord.bots import Bot, running
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage
from botkeep_discord import PersistentView, cooldown

once_a_minute = cooldown(1, 60.0)


class Bell(PersistentView):
    """May be rung twice a minute by each user."""

    interaction_check = cooldown(2, 60.0)

    @discord.ui.button(label="ring", custom_id="ring")
    async def ring(self, interaction: discord.Interaction, _: discord.ui.Button[Bell]) -> None:
        await interaction.response.send_message("ding", ephemeral=True)


class Commands(commands.Cog):
    """One command of each kind, each with a cooldown; errors are answered, or remembered."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.answers: list[str] = []

    @app_commands.command(description="slash")
    @once_a_minute
    async def slash(self, interaction: discord.Interaction, word: str = "") -> None:
        await interaction.response.send_message(f"pong {word}")

    @slash.autocomplete("word")
    async def complete(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=typed, value=typed)]

    @commands.command()
    @cooldown(1, 60.0, commands.BucketType.channel)
    async def prefix(self, context: commands.Context[Any]) -> None:
        self.answers.append(f"pong {context.author.id}")

    @commands.hybrid_command(description="hybrid")  # type: ignore[arg-type] # its overloads know no cogs
    @cooldown(2, 60.0, lambda use: (use.guild, use.author))
    async def hybrid(self, context: commands.Context[Any]) -> None:
        await context.send("pong")

    @app_commands.command(description="everybody")
    @cooldown(1, 60.0, None)
    async def everybody(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")

    async def cog_app_command_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        assert isinstance(error, app_commands.CommandOnCooldown)
        assert error.cooldown.rate in {1, 2}
        assert error.cooldown.per == 60.0
        await interaction.response.send_message(f"wait {error.retry_after:.0f} s", ephemeral=True)

    async def cog_command_error(self, context: commands.Context[Any], error: Exception) -> None:
        self.errors.append(error)
        if context.interaction is not None:
            assert isinstance(error, commands.CommandOnCooldown)
            await context.send(f"wait {error.retry_after:.0f} s", ephemeral=True)

    async def has_heard(self, count: int) -> bool:
        return len(self.errors) + len(self.answers) == count


class BotWithCommands(Bot):
    """Has the commands."""

    async def setup_hook(self) -> None:
        await super().setup_hook()
        self.commands_of_mine = Commands()
        await self.add_cog(self.commands_of_mine)


def text_of(answer: dict[str, Any]) -> str:
    text: str = answer["data"]["content"]
    return text


async def test_a_slash_command_is_limited_for_each_user_and_over_a_restart(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(BotWithCommands(backend=storage)):
        first = [await server.command("slash", user=who) for who in (7, 7, 8)]
    async with running(BotWithCommands(backend=storage)):
        later = await server.command("slash", user=7)

    assert [text_of(answer) for answer in first] == ["pong ", "wait 60 s", "pong "]
    assert text_of(later) in {"wait 60 s", "wait 59 s"}


async def test_completions_are_not_counted(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(BotWithCommands(backend=storage)):
        for _ in range(5):
            await server.complete("slash", "word", "ab")
        answer = await server.command("slash", word="x")

    assert text_of(answer) == "pong x"


async def test_a_prefix_command_raises_the_error_of_its_kind(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(BotWithCommands(backend=storage)) as bot:
        for who in (7, 8):
            written = payloads.message(who, CHANNEL, {"content": "!prefix"})
            await server.gateway.send("MESSAGE_CREATE", {**written, "author": payloads.user(who)})
        await until(lambda: bot.commands_of_mine.has_heard(2))

    (error,) = bot.commands_of_mine.errors
    assert isinstance(error, commands.CommandOnCooldown)
    assert error.type is commands.BucketType.channel
    assert error.retry_after == pytest.approx(60, abs=2)
    assert len(bot.commands_of_mine.answers) == 1


async def test_a_hybrid_command_is_counted_once_for_each_use(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(BotWithCommands(backend=storage)):
        answers = [await server.command("hybrid") for _ in range(3)]

    assert [text_of(answer) for answer in answers] == ["pong", "pong", "wait 30 s"]


async def test_without_a_key_the_limit_is_everybodys(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(BotWithCommands(backend=storage)):
        answers = [await server.command("everybody", user=who) for who in (7, 8)]

    assert [text_of(answer) for answer in answers] == ["pong", "wait 60 s"]


async def test_a_view_answers_who_is_too_quick(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await Bell(state_key="bell").send(bot.channel)
        answers = [await server.click(message.id, "ring") for _ in range(3)]
        other = await server.click(message.id, "ring", user=8)

    assert [text_of(answer) for answer in answers[:2]] == ["ding", "ding"]
    assert text_of(answers[2]).startswith("You are on cooldown. Try again in ")
    assert text_of(other) == "ding"


@pytest.mark.parametrize(("policy", "heard"), [("allow", "pong "), ("deny", "wait 1 s")])
async def test_a_storage_that_is_down_follows_the_policy(
    server: DiscordServer, policy: Any, heard: str
) -> None:
    storage = TroubledStorage()
    bot = Bot(backend=storage, timeout=0.1)

    @bot.tree.command(description="slash")
    @cooldown(1, 60.0, on_unavailable=policy)
    async def slash(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong ")

    @slash.error
    async def on_error(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        assert isinstance(error, app_commands.CommandOnCooldown)
        await interaction.response.send_message(f"wait {error.retry_after:.0f} s")

    async with running(bot):
        storage.is_down = True
        answer = await server.command("slash")

    assert text_of(answer) == heard


async def test_a_cooldown_made_for_a_command_object_is_checked_as_well(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    bot = Bot(backend=storage)

    @cooldown(1, 60.0)
    @bot.tree.command(description="slash")
    async def slash(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")

    @slash.error
    async def on_error(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        await interaction.response.send_message(type(error).__name__)

    async with running(bot):
        answers = [await server.command("slash") for _ in range(2)]

    assert [text_of(answer) for answer in answers] == ["pong", "CommandOnCooldown"]


async def test_a_cooldown_is_a_predicate_for_checks_of_the_library(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    bot = Bot(backend=storage)
    heard: list[Exception | None] = []

    @bot.tree.command(description="slash")
    @app_commands.check(cooldown(1, 60.0))
    async def slash(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")

    @slash.error
    async def on_error(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        await interaction.response.send_message(type(error).__name__)

    @bot.command()
    @commands.check(cooldown(1, 60.0))
    async def prefix(context: commands.Context[Any]) -> None:
        heard.append(None)

    @prefix.error
    async def on_prefix_error(context: commands.Context[Any], error: Exception) -> None:
        heard.append(error)

    async def has_heard_both() -> bool:
        return len(heard) == 2

    async with running(bot):
        answers = [await server.command("slash") for _ in range(2)]
        written = {**payloads.message(1, CHANNEL, {"content": "!prefix"}), "author": payloads.user(7)}
        await server.gateway.send("MESSAGE_CREATE", written)
        await server.gateway.send("MESSAGE_CREATE", written)
        await until(has_heard_both)

    assert [text_of(answer) for answer in answers] == ["pong", "CommandOnCooldown"]
    assert sorted(type(error).__name__ for error in heard) == ["CommandOnCooldown", "NoneType"]


async def test_a_tree_may_have_a_cooldown_for_all_its_commands(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    class Tree(app_commands.CommandTree[Any]):
        interaction_check = cooldown(1, 60.0)

        async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
            await interaction.response.send_message(type(error).__name__)

    class BotWithTree(Bot):
        def __init__(self) -> None:
            super(Bot, self).__init__("!", intents=discord.Intents.none(), tree_cls=Tree)
            self.options = {"backend": storage}

    bot = BotWithTree()
    for name in ("one", "two"):

        @bot.tree.command(name=name, description=name)
        async def command(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("pong")

    async with running(bot):
        answers = [await server.command(name) for name in ("one", "two")]

    assert [text_of(answer) for answer in answers] == ["pong", "CommandOnCooldown"]


def test_a_rate_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        cooldown(0, 60.0)
    with pytest.raises(ValueError, match="period"):
        cooldown(1, 0)


async def test_a_key_that_no_later_process_would_know_is_refused(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    bot = Bot(backend=storage)
    found: list[BaseException] = []

    class Odd(PersistentView):
        interaction_check = cooldown(1, 60.0, lambda _: object())

        @discord.ui.button(label="ring", custom_id="ring")
        async def ring(self, interaction: discord.Interaction, _: discord.ui.Button[Odd]) -> None: ...

        async def on_error(
            self, interaction: discord.Interaction, error: Exception, item: discord.ui.Item[Any], /
        ) -> None:
            del item
            found.append(error)
            await interaction.response.defer()

    async with running(bot):
        message = await Odd(state_key="odd").send(bot.channel)
        await server.click(message.id, "ring")

    (error,) = found
    assert isinstance(error, TypeError)
    assert "must be an id, a text or a tuple of them" in str(error)
