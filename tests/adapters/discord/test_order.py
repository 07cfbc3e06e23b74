"""Order: handlers of one user run one after another, if the bot asks for it."""

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

from botkeep import MemoryStorage
from botkeep_discord import leave_order


class Confirm(discord.ui.View):
    """A plain view that another handler waits for."""

    @discord.ui.button(label="yes", custom_id="yes")
    async def yes(self, interaction: discord.Interaction, _: discord.ui.Button[Confirm]) -> None:
        await interaction.response.send_message("yes", ephemeral=True)
        self.stop()


class Steps(commands.Cog):
    """Handlers that write down when they begin and end; they wait until the test opens the gate."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.gate = asyncio.Event()
        self.tasks: list[asyncio.Task[Any] | None] = []

    async def step(self, name: str) -> None:
        self.tasks.append(asyncio.current_task())
        self.log.append(f"begin {name}")
        await self.gate.wait()
        self.log.append(f"end {name}")

    async def has_logged(self, count: int) -> bool:
        return len(self.log) >= count

    @commands.command()
    async def write(self, _: commands.Context[Any], name: str) -> None:
        await self.step(name)

    @app_commands.command(description="work")
    async def work(self, interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(name)
        await self.step(name)

    @app_commands.command(description="fail")
    async def fail(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("fail")
        raise RuntimeError("as ordered")

    @app_commands.command(description="ask before it is done")
    async def confirm(self, interaction: discord.Interaction) -> None:
        view = Confirm()
        await interaction.response.defer()
        await interaction.followup.send("sure?", view=view)
        await leave_order()
        await view.wait()
        self.log.append("confirmed")

    @app_commands.command(description="ask in words")
    async def ask(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("your name?")
        message = await interaction.client.wait_for("message")
        self.log.append(f"heard {message.content}")

    @app_commands.command(description="find a word")
    async def find(self, interaction: discord.Interaction, word: str) -> None: ...

    @find.autocomplete("word")
    async def complete(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=typed, value=typed)]


class BotWithSteps(Bot):
    """Has the handlers."""

    async def setup_hook(self) -> None:
        await super().setup_hook()
        self.steps = Steps()
        await self.add_cog(self.steps)


@pytest.fixture
def bot(storage: MemoryStorage) -> BotWithSteps:
    return BotWithSteps(backend=storage, ordered=True)


async def write(server: DiscordServer, name: str, *, user: int = 7, **fields: Any) -> None:
    message = payloads.message(next(server.rest.identifiers), CHANNEL, {"content": f"!write {name}"})
    await server.gateway.send("MESSAGE_CREATE", {**message, "author": payloads.user(user), **fields})


async def begin(server: DiscordServer, name: str, *, user: int = 7) -> payloads.Payload:
    event = payloads.command(next(server.rest.identifiers), "work", options={"name": name}, user_id=user)
    await server.gateway.send("INTERACTION_CREATE", event)
    return event


async def test_handlers_of_one_user_run_one_after_another(server: DiscordServer, bot: BotWithSteps) -> None:
    async with running(bot):
        for number in range(3):
            await write(server, f"{number}")
        await begin(server, "3")
        await write(server, "4")
        await until(lambda: bot.steps.has_logged(1))
        bot.steps.gate.set()
        await until(lambda: bot.steps.has_logged(10))

    assert bot.steps.log == [f"{what} {number}" for number in range(5) for what in ("begin", "end")]


async def test_handlers_of_different_users_run_at_the_same_time(
    server: DiscordServer, bot: BotWithSteps
) -> None:
    async with running(bot):
        await write(server, "a", user=7)
        await write(server, "b", user=8)
        await begin(server, "c", user=9)
        await until(lambda: bot.steps.has_logged(3))

        assert sorted(bot.steps.log) == ["begin a", "begin b", "begin c"]
        bot.steps.gate.set()


async def test_without_it_handlers_of_one_user_run_at_the_same_time(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(BotWithSteps(backend=storage)) as bot:
        await write(server, "a")
        await begin(server, "b")
        await until(lambda: bot.steps.has_logged(2))

        assert sorted(bot.steps.log) == ["begin a", "begin b"]
        bot.steps.gate.set()


async def test_webhooks_are_nobody_and_wait_for_nobody(server: DiscordServer, bot: BotWithSteps) -> None:
    async with running(bot):
        await write(server, "a", user=7, webhook_id="7")
        await write(server, "b", user=7, webhook_id="7")
        await write(server, "c", user=7)
        await until(lambda: bot.steps.has_logged(3))

        assert sorted(bot.steps.log) == ["begin a", "begin b", "begin c"]
        bot.steps.gate.set()


async def test_a_handler_that_fails_or_is_cancelled_lets_the_next_one_run(
    server: DiscordServer, bot: BotWithSteps
) -> None:
    async with running(bot):
        bot.tree.on_error = _nothing  # type: ignore[method-assign] # not of interest here
        await server.command("fail")
        await write(server, "a")
        await write(server, "b")
        await write(server, "c")
        await until(lambda: bot.steps.has_logged(1))
        (task,) = bot.steps.tasks
        assert task is not None
        task.cancel()
        await until(lambda: bot.steps.has_logged(2))
        bot.steps.gate.set()
        await until(lambda: bot.steps.has_logged(5))

    assert bot.steps.log == ["begin a", "begin b", "end b", "begin c", "end c"]


async def _nothing(*_: object) -> None: ...


async def test_a_handler_that_waits_for_a_message_hears_it(server: DiscordServer, bot: BotWithSteps) -> None:
    async with running(bot):
        await server.command("ask")
        bot.steps.gate.set()
        await write(server, "Tim")
        await until(lambda: bot.steps.has_logged(3))

    assert bot.steps.log == ["heard !write Tim", "begin Tim", "end Tim"]


async def test_a_handler_that_waits_for_another_handler_leaves_the_order(
    server: DiscordServer, bot: BotWithSteps
) -> None:
    async with running(bot):
        await server.command("confirm")
        await server.until(lambda: server.rest.messages)
        (message_id,) = server.rest.messages
        answer = await server.click(message_id, "yes")
        await until(lambda: bot.steps.has_logged(1))

    assert answer["data"]["content"] == "yes"
    assert bot.steps.log == ["confirmed"]


async def test_completions_do_not_wait(server: DiscordServer, bot: BotWithSteps) -> None:
    async with running(bot):
        await begin(server, "a")
        await until(lambda: bot.steps.has_logged(1))
        answer = await server.complete("find", "word", "ab")
        bot.steps.gate.set()

    assert answer["data"]["choices"][0]["name"] == "ab"


async def test_leaving_an_order_that_is_not_there_does_nothing() -> None:
    await leave_order()


async def test_a_bot_that_is_closed_leaves_no_handler_that_never_began(
    server: DiscordServer, bot: BotWithSteps
) -> None:
    async with running(bot):
        await write(server, "a")
        await write(server, "b")
        await until(lambda: bot.steps.has_logged(1))
        waiting = [task for task in asyncio.all_tasks() if "on_message" in task.get_name()]
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)

    assert bot.steps.log == ["begin a"]
