"""Extensions that are loaded anew while their views are alive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from discord.ext import commands
from tests.adapters.conditions import until
from tests.adapters.discord.bots import Bot, restarted, running
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage
from botkeep_discord.views import classes

SOURCE = """
import discord
from botkeep_discord import PersistentModal, PersistentView


class Form(PersistentModal, title="Form"):
    text = discord.ui.TextInput(label="Text", custom_id="text")

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"WORD {self.text.value}", ephemeral=True)


class Panel(PersistentView):
    @discord.ui.button(label="say", custom_id="say")
    async def say(self, interaction, button):
        total = await self.state.increment("clicks")
        await interaction.response.send_message(f"WORD {total}", ephemeral=True)

    @discord.ui.button(label="ask", custom_id="ask")
    async def ask(self, interaction, button):
        await Form(state_key=self.state_key).send(interaction)


async def setup(bot):
    EXTRA
"""


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    former = classes.snapshot()
    yield tmp_path / "reloaded_panels.py"
    sys.modules.pop("reloaded_panels", None)
    classes.roll_back(former)


def write(extension: Path, word: str, extra: str = "pass") -> None:
    extension.write_text(SOURCE.replace("WORD", word).replace("EXTRA", extra))


async def test_the_new_code_answers_to_the_old_messages(
    server: DiscordServer, storage: MemoryStorage, extension: Path
) -> None:
    write(extension, "old")
    async with running(Bot(backend=storage)) as bot:
        await bot.load_extension("reloaded_panels")
        panel = sys.modules["reloaded_panels"].Panel(state_key="panel")
        message = await panel.send(bot.channel)
        answers = [await server.click(message.id, "say")]
        modal = await server.click(message.id, "ask")
        write(extension, "new")
        await bot.reload_extension("reloaded_panels")
        answers.append(await server.click(message.id, "say"))
        answers.append(await server.submit(modal["data"], {"text": "text"}))
        assert panel.is_finished()
    async with restarted(storage):
        answers.append(await server.click(message.id, "say"))

    assert [answer["data"]["content"] for answer in answers] == ["old 1", "new 2", "new text", "new 3"]


async def test_an_extension_that_is_unloaded_and_loaded_is_new_as_well(
    server: DiscordServer, storage: MemoryStorage, extension: Path
) -> None:
    write(extension, "old")
    async with running(Bot(backend=storage)) as bot:
        await bot.load_extension("reloaded_panels")
        message = await sys.modules["reloaded_panels"].Panel(state_key="panel").send(bot.channel)
        await bot.unload_extension("reloaded_panels")
        write(extension, "new")
        await bot.load_extension("reloaded_panels")
        answer = await server.click(message.id, "say")

    assert answer["data"]["content"] == "new 1"


async def test_after_an_extension_that_cannot_be_loaded_the_old_code_goes_on(
    server: DiscordServer, storage: MemoryStorage, extension: Path
) -> None:
    write(extension, "old")
    async with running(Bot(backend=storage)) as bot:
        await bot.load_extension("reloaded_panels")
        message = await sys.modules["reloaded_panels"].Panel(state_key="panel").send(bot.channel)
        write(extension, "broken", extra="raise RuntimeError('not today')")
        with pytest.raises(commands.ExtensionFailed):
            await bot.reload_extension("reloaded_panels")
        first = await server.click(message.id, "say")
        write(extension, "new")
        await bot.reload_extension("reloaded_panels")
        second = await server.click(message.id, "say")

    assert [first["data"]["content"], second["data"]["content"]] == ["old 1", "new 2"]


async def test_a_view_that_the_new_class_cannot_make_goes_on_with_the_old_code(
    server: DiscordServer, storage: MemoryStorage, extension: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(extension, "old")
    async with running(Bot(backend=storage)) as bot:
        await bot.load_extension("reloaded_panels")
        message = await sys.modules["reloaded_panels"].Panel(state_key="panel").send(bot.channel)
        extension.write_text(
            SOURCE.replace("WORD", "new").replace("EXTRA", "pass").replace(', custom_id="say"', "")
        )
        await bot.reload_extension("reloaded_panels")
        await until(lambda: _says(caplog, "goes on with the code that it had"))
        answer = await server.click(message.id, "say")

    assert answer["data"]["content"] == "old 1"


async def _says(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return words in caplog.text
