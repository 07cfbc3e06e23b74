"""Discord waits three seconds for the first response: what becomes of a storage that is slow, or down."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import discord
import pytest
from discord import app_commands
from tests.adapters.discord.bots import Bot, Counter, running
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.server import DiscordServer

from botkeep import OutcomeUnknownError, StorageUnavailableError, user
from botkeep_discord import PersistentView
from botkeep_discord.interactions import scope

TIMEOUT = 0.2
APOLOGY = "Tut mir leid."


class Patient(PersistentView):
    """Has something to say itself when the storage does not answer."""

    errors: list[Exception] = []  # noqa: RUF012 # the view is constructed anew

    @discord.ui.button(label="read", custom_id="read")
    async def read(self, interaction: discord.Interaction, _: discord.ui.Button[Patient]) -> None:
        try:
            await self.state.load()
        except StorageUnavailableError as exc:
            self.errors.append(exc)
        await interaction.response.send_message("without my memory", ephemeral=True)

    @discord.ui.button(label="write", custom_id="write")
    async def write(self, interaction: discord.Interaction, _: discord.ui.Button[Patient]) -> None:
        try:
            await self.state.save({})
        except OutcomeUnknownError as exc:
            self.errors.append(exc)
        await interaction.response.send_message("perhaps", ephemeral=True)

    @discord.ui.button(label="first answer", custom_id="answer")
    async def answer(self, interaction: discord.Interaction, _: discord.ui.Button[Patient]) -> None:
        await interaction.response.defer()
        await self.state.save({"done": True})


@pytest.fixture
def troubled() -> TroubledStorage:
    Patient.errors.clear()
    return TroubledStorage()


def bot_on(storage: TroubledStorage) -> Bot:
    return Bot(backend=storage, timeout=TIMEOUT, apology=APOLOGY)


async def test_a_user_is_answered_when_the_storage_hangs(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    async with running(bot_on(troubled)) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        troubled.hang()
        began = time.monotonic()
        answer = await server.click(message.id, "add")
        elapsed = time.monotonic() - began
        troubled.recover()
        later = await server.click(message.id, "add")

    assert answer["data"] == {**answer["data"], "content": APOLOGY, "flags": 64}
    assert TIMEOUT <= elapsed < scope.DISCORD_WAITS
    assert later["data"]["content"] == "1 clicks"


async def test_a_user_is_answered_at_once_when_the_storage_is_down(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    async with running(bot_on(troubled)) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        troubled.is_down = True
        answer = await server.click(message.id, "add")

    assert answer["data"]["content"] == APOLOGY


@pytest.mark.parametrize(
    ("custom_id", "kind", "words"),
    [("read", StorageUnavailableError, "without my memory"), ("write", OutcomeUnknownError, "perhaps")],
)
async def test_a_handler_may_answer_in_its_own_words(
    server: DiscordServer, troubled: TroubledStorage, custom_id: str, kind: type, words: str
) -> None:
    async with running(bot_on(troubled)) as bot:
        message = await Patient(state_key="lobby").send(bot.channel)
        troubled.hang()
        answer = await server.click(message.id, custom_id)
        troubled.recover()

    (error,) = Patient.errors
    assert answer["data"]["content"] == words
    assert type(error) is kind
    assert "interaction.response.defer() first" in str(error)


async def test_after_the_first_answer_the_storage_may_take_its_time(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    async with running(bot_on(troubled)) as bot:
        view = Patient(state_key="lobby")
        message = await view.send(bot.channel)
        troubled.hang()
        await server.click(message.id, "answer")
        await asyncio.sleep(TIMEOUT * 2)
        troubled.recover()
        later = await view.state.load()

    assert Patient.errors == []
    assert later == {}


@pytest.mark.usefixtures("server")
async def test_calls_outside_of_interactions_are_not_bounded(troubled: TroubledStorage) -> None:
    async with running(bot_on(troubled)) as bot:
        view = Counter(state_key="lobby")
        await view.send(bot.channel)
        troubled.hang()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(view.state.load(), TIMEOUT * 2)
        troubled.recover()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten Discord's three seconds: what is tested takes half of what is left of them."""
    monkeypatch.setattr(scope, "DISCORD_WAITS", 2 * TIMEOUT)


@pytest.mark.usefixtures("impatient")
async def test_commands_get_their_answer_as_well(server: DiscordServer, troubled: TroubledStorage) -> None:
    bot = bot_on(troubled)
    failures: list[Exception] = []

    @bot.tree.command(description="count")
    async def count(interaction: discord.Interaction) -> None:
        await user.increment("uses")

    @count.error
    async def on_error(interaction: discord.Interaction, error: Exception) -> None:
        failures.append(error)

    async with running(bot):
        troubled.hang()
        answer = await server.command("count")
        troubled.recover()

    assert answer["data"]["content"] == APOLOGY
    assert isinstance(failures[0].__cause__, OutcomeUnknownError)


@pytest.mark.usefixtures("impatient")
async def test_a_completion_whose_storage_hangs_proposes_nothing(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    bot = bot_on(troubled)

    @bot.tree.command(description="find")
    async def find(interaction: discord.Interaction, word: str) -> None: ...

    @find.autocomplete("word")
    async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name, value=name) for name in await user.load("words", [])]

    async with running(bot):
        troubled.hang()
        answer = await server.complete("find", "word", "ab")
        troubled.recover()

    assert answer["data"]["choices"] == []


@pytest.mark.usefixtures("impatient")
async def test_a_handler_that_outlives_the_three_seconds_has_its_storage_back(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    bot = bot_on(troubled)
    later: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    @bot.tree.command(description="slow")
    async def slow(interaction: discord.Interaction) -> None:
        try:
            await user.increment("uses")
        except OutcomeUnknownError:
            troubled.recover()
            await asyncio.sleep(2 * TIMEOUT)
            later.set_result(await user.increment("uses", 10))

    async with running(bot):
        troubled.hang()
        answer = await server.command("slow")
        total = await later

    assert answer["data"]["content"] == APOLOGY
    assert total == 10
