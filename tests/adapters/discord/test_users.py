"""`botkeep.user` and dialogues: on whose behalf a handler runs."""

from __future__ import annotations

import asyncio
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

from botkeep import MemoryStorage, NoUserError, store, user
from botkeep_discord import fsm_context


class Question(discord.ui.Modal, title="Question"):
    """A plain modal of the library."""

    answer = discord.ui.TextInput[discord.ui.View](label="Answer", custom_id="answer")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await user.save("answer", self.answer.value)
        await interaction.response.send_message(f"{user!r}", ephemeral=True)


class Panel(discord.ui.View):
    """A plain view of the library."""

    @discord.ui.button(label="ask", custom_id="ask")
    async def ask(self, interaction: discord.Interaction, _: discord.ui.Button[Panel]) -> None:
        await interaction.response.send_modal(Question())

    @discord.ui.button(label="count", custom_id="count")
    async def count(self, interaction: discord.Interaction, _: discord.ui.Button[Panel]) -> None:
        total = await asyncio.create_task(user.increment("clicks"))
        await interaction.response.send_message(f"{total}", ephemeral=True)


class Commands(commands.Cog):
    """Commands of every kind; remembers who used those with a prefix."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @app_commands.command(description="count")
    async def count(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(str(await user.increment("uses")), ephemeral=True)

    @app_commands.command(description="go on with the order")
    async def step(self, interaction: discord.Interaction) -> None:
        dialogue = fsm_context(interaction)
        state = await dialogue.get_state()
        await dialogue.set_state("Order:size")
        await interaction.response.send_message(f"{state}", ephemeral=True)

    @app_commands.command(description="find a word")
    async def find(self, interaction: discord.Interaction, word: str) -> None:
        await interaction.response.send_message(word)

    @find.autocomplete("word")
    async def complete(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        uses = await user.increment("completions")
        return [app_commands.Choice(name=f"{typed}{uses}", value=typed)]

    @commands.command()
    async def whoami(self, context: commands.Context[Any]) -> None:
        await fsm_context(context).update_data(who=repr(user))
        self.seen.append((await fsm_context(context).get_data())["who"])

    async def has_seen(self) -> bool:
        return bool(self.seen)


class BotWithCommands(Bot):
    """Has the commands."""

    async def setup_hook(self) -> None:
        await super().setup_hook()
        self.commands_of_mine = Commands()
        await self.add_cog(self.commands_of_mine)


async def test_commands_components_and_modals_run_as_their_user(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(BotWithCommands(backend=storage)) as bot:
        message = await bot.channel.send("panel", view=Panel(timeout=None))
        totals = [await server.click(message.id, "count", user=who) for who in (7, 8, 7)]
        uses = [await server.command("count", user=who) for who in (7, 8, 7)]
        modal = await server.click(message.id, "ask", user=9)
        answer = await server.submit(modal["data"], {"answer": "42"}, user=9)
        answers = storage.namespace("ambient").namespace("users").namespace("9")
        saved = await answers.get_state("answer")

    assert [body["data"]["content"] for body in totals] == ["1", "1", "2"]
    assert [body["data"]["content"] for body in uses] == ["1", "1", "2"]
    assert answer["data"]["content"] == "<user: '9'>"
    assert saved == "42"


async def test_completions_run_as_their_user_too(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(BotWithCommands(backend=storage)):
        answer = await server.complete("find", "word", "ab")

    assert answer["data"]["choices"][0]["name"] == "ab1"


async def test_members_of_a_guild_are_users_as_well(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(BotWithCommands(backend=storage)) as bot:
        message = await bot.channel.send("panel", view=Panel(timeout=None))
        first = await server.click(message.id, "count", user=7, guild=55)
        second = await server.click(message.id, "count", user=7)

    assert [first["data"]["content"], second["data"]["content"]] == ["1", "2"]


async def test_prefix_commands_run_as_their_author(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(BotWithCommands(backend=storage)) as bot:
        written = {**payloads.message(1, CHANNEL, {"content": "!whoami"}), "author": payloads.user(7)}
        await server.gateway.send("MESSAGE_CREATE", written)
        await until(bot.commands_of_mine.has_seen)

    assert bot.commands_of_mine.seen == ["<user: '7'>"]


async def test_outside_of_handlers_there_is_no_user_and_the_store_is_the_bots(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    del server
    async with running(BotWithCommands(backend=storage)):
        await store.save("theme", "dark")
        with pytest.raises(NoUserError):
            await user.load("theme")
        kept = await storage.namespace("ambient").namespace("store").get_state("theme")

    assert kept == "dark"


async def test_dialogues_belong_to_a_user_in_a_channel(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(BotWithCommands(backend=storage)):
        states = [await server.command("step", user=who) for who in (7, 8, 7)]
        keys = await storage.namespace("fsm").list_keys()

    assert [body["data"]["content"] for body in states] == ["None", "None", "Order:size"]
    assert keys == [f"bot:1000/chat:77/user:{who}/thread:-/business:-/destiny:default" for who in (7, 8)]


class Listener(commands.Cog):
    """Remembers on whose behalf each event is heard."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def note(self, event: str) -> None:
        try:
            await user.exists("any")
        except NoUserError:
            self.heard.append(f"{event} nobody")
        else:
            self.heard.append(f"{event} {user!r}")

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        await self.note("message")
        try:
            identifier = fsm_context(message).identifier
        except ValueError as exc:
            identifier = str(exc)
        self.heard.append(identifier)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, _: discord.RawReactionActionEvent) -> None:
        await self.note("reaction")

    @commands.Cog.listener()
    async def on_raw_message_delete(self, _: discord.RawMessageDeleteEvent) -> None:
        await self.note("deletion")

    async def has_heard(self, count: int) -> bool:
        return len(self.heard) == count


async def test_listeners_run_as_the_user_of_their_event_and_those_of_others_as_nobody(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    listener = Listener()
    message = {**payloads.message(1, CHANNEL, {"content": "hello"}), "author": payloads.user(7)}
    reaction = {
        "user_id": "8",
        "channel_id": f"{CHANNEL}",
        "message_id": "1",
        "emoji": {"id": None, "name": "x"},
        "type": 0,
    }
    events = [
        ("MESSAGE_CREATE", message, 2),
        ("MESSAGE_REACTION_ADD", reaction, 3),
        ("MESSAGE_CREATE", {**message, "id": "2", "webhook_id": "7"}, 5),
        ("MESSAGE_DELETE", {"id": "1", "channel_id": f"{CHANNEL}"}, 6),
    ]
    async with running(Bot(backend=storage)) as bot:
        await bot.add_cog(listener)
        for event, data, count in events:
            await server.gateway.send(event, data)
            await until(lambda count=count: listener.has_heard(count))  # type: ignore[misc] # bound at once

    dialogue, refusal = listener.heard[1], listener.heard[4]
    assert [listener.heard[index] for index in (0, 2, 3, 5)] == [
        "message <user: '7'>",
        "reaction <user: '8'>",
        "message nobody",
        "deletion nobody",
    ]
    assert dialogue.startswith("bot:1000/chat:77/user:7/")
    assert "a webhook has no user" in refusal
