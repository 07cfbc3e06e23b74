"""Views on messages that were there before: edited to show them, or adopted; and those that nobody stored."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from tests.adapters.conditions import until
from tests.adapters.discord.bots import Bot, Counter, restarted, rows_of, running
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage, StorageUnavailableError
from botkeep_discord import PersistentView, ViewError, setup_persistence
from botkeep_discord.views import live_views

WARNING = "will not answer after a restart"


class Second(PersistentView):
    """Takes the place of the first, with a button of the same custom id."""

    @discord.ui.button(label="next", custom_id="next")
    async def next(self, interaction: discord.Interaction, _: discord.ui.Button[Second]) -> None:
        await interaction.response.send_message(f"the end of {self.state_key}", ephemeral=True)


class First(PersistentView):
    """Edits its message to show the second, in one of several ways."""

    def __init__(self, *, state_key: str, way: str = "edit_message", second: str = "") -> None:
        super().__init__(state_key=state_key)
        self.way = way
        self.second = second or state_key

    @discord.ui.button(label="next", custom_id="next")
    async def next(self, interaction: discord.Interaction, _: discord.ui.Button[First]) -> None:
        view = Second(state_key=self.second)
        if self.way == "edit_message":
            await view.edit_message(interaction, content="page 2")
        elif self.way == "deferred":
            await interaction.response.defer()
            await view.edit_message(interaction, content="page 2")
        elif self.way == "answered":
            await interaction.response.send_message("done", ephemeral=True)
            await view.edit_message(interaction, content="page 2")
        else:
            await interaction.response.edit_message(content="page 2", view=view)
            if self.way == "adopt":
                assert interaction.message is not None
                await view.adopt(interaction.message)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_views, "ADOPTION_SECONDS", 0.05)


async def is_row_of(storage: Any, key: str, view_class: type) -> bool:
    found = await rows_of(storage).get_state(key, {"class_name": ""})
    return bool(found["class_name"].endswith(f".{view_class.__name__}"))


@pytest.mark.parametrize("second", ["", "other"], ids=["same key", "other key"])
@pytest.mark.parametrize("way", ["edit_message", "deferred", "answered", "adopt"])
async def test_the_second_page_on_a_message_survives_a_restart(
    server: DiscordServer, storage: MemoryStorage, way: str, second: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = second or "panel"
    async with running(Bot(backend=storage)) as bot:
        message = await First(state_key="panel", way=way, second=second).send(bot.channel, "page 1")
        await server.click(message.id, "next")
        await until(lambda: is_row_of(storage, key, Second))
        before = await server.click(message.id, "next")
    async with restarted(storage) as bot:
        after = await server.click(message.id, "next")

    assert before["data"]["content"] == after["data"]["content"] == f"the end of {key}"
    assert bot.summary["restored"] == [key]
    assert WARNING not in caplog.text


async def test_a_view_that_was_sent_otherwise_is_a_warning(
    server: DiscordServer, storage: MemoryStorage, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await bot.channel.send("0 clicks", view=Counter(state_key="lobby"))
        await until(lambda: _warns(caplog))

    assert f"Counter 'lobby' is shown by message {message.id}" in caplog.text


async def test_a_view_that_was_shown_by_an_edit_is_a_warning_though_its_key_is_stored(
    server: DiscordServer, storage: MemoryStorage, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await First(state_key="panel", way="plain").send(bot.channel, "page 1")
        await server.click(message.id, "next")

    assert f"Second 'panel' is shown by message {message.id}" in caplog.text


async def _warns(caplog: pytest.LogCaptureFixture) -> bool:
    return WARNING in caplog.text


async def test_a_view_that_is_adopted_at_once_is_none(
    server: DiscordServer, storage: MemoryStorage, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(Bot(backend=storage)) as bot:
        view = Counter(state_key="lobby")
        message = await bot.channel.send("0 clicks", view=view)
        await view.adopt(message)
    async with restarted(storage):
        answer = await server.click(message.id, "add")

    assert answer["data"]["content"] == "1 clicks"
    assert WARNING not in caplog.text


async def test_a_message_of_an_earlier_bot_that_kept_nothing_can_be_adopted(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    server.rest.add_message(900)
    async with running(Bot(backend=storage)) as bot:
        await Counter(state_key="lobby").adopt(bot.channel.get_partial_message(900))
        before = await server.click(900, "add")
    async with restarted(storage):
        after = await server.click(900, "add")

    assert [before["data"]["content"], after["data"]["content"]] == ["1 clicks", "2 clicks"]


async def test_ephemeral_messages_are_refused_however_they_became_so(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    bot = Bot(backend=storage)
    refusals: list[Exception] = []

    async def refused(attempt: Any) -> None:
        with pytest.raises(ViewError, match="ephemeral message") as caught:
            await attempt
        refusals.append(caught.value)

    @bot.tree.command(description="deferred")
    async def deferred(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await refused(Counter(state_key="lobby").send(interaction))

    @bot.tree.command(description="shown")
    async def shown(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("mine", ephemeral=True)
        message = await interaction.followup.send("mine", ephemeral=True, wait=True)
        await refused(Counter(state_key="lobby").adopt(message))
        await refused(Counter(state_key="lobby").edit_message(message))

    async with running(bot):
        await server.command("deferred")
        await server.until(lambda: server.rest.made("DELETE /webhooks/.*"))
        await server.command("shown")
        await until(lambda: _reached(refusals, 3))
        keys = await rows_of(storage).list_keys()

    assert keys == []


async def _reached(things: list[Any], count: int) -> bool:
    return len(things) == count


async def test_an_edit_whose_row_cannot_be_stored_is_an_error_and_can_be_adopted_later(
    server: DiscordServer,
) -> None:
    storage = TroubledStorage()
    async with running(Bot(backend=storage)) as bot:
        message = await bot.channel.send("a message")
        view = Counter(state_key="lobby")
        storage.is_down = True
        with pytest.raises(StorageUnavailableError):
            await view.edit_message(message)
        storage.is_down = False
        await view.adopt(message)
    async with restarted(storage):
        answer = await server.click(message.id, "add")

    assert answer["data"]["content"] == "1 clicks"


async def test_an_interaction_without_a_message_cannot_be_edited(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    bot = Bot(backend=storage)

    @bot.tree.command(description="edit")
    async def edit(interaction: discord.Interaction) -> None:
        with pytest.raises(ViewError, match="came from no message"):
            await Counter(state_key="lobby").edit_message(interaction)
        await interaction.response.send_message("refused")

    async with running(bot):
        answer = await server.command("edit")

    assert answer["data"]["content"] == "refused"


class Late(PersistentView):
    """Gets its only button as it is bound."""

    async def on_bind(self, bot: Any) -> None:
        self.add_item(bot.make_item())


async def test_items_that_on_bind_adds_are_checked_too(server: DiscordServer, storage: MemoryStorage) -> None:
    class BotWithItems(Bot):
        def make_item(self) -> discord.ui.Button[Late]:
            return discord.ui.Button(label="late")

    async with running(BotWithItems(backend=storage)) as bot:
        with pytest.raises(ViewError, match=r"the button 'late' has no custom_id of its own"):
            await Late(state_key="late").send(bot.channel)

    assert server.rest.made(f"POST /channels/{CHANNEL}/messages") == []


async def test_the_librarys_own_way_to_say_that_there_is_no_timeout_is_taken(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    class Usual(PersistentView):
        def __init__(self, *, state_key: str, timeout: float | None = None) -> None:
            super().__init__(state_key=state_key, timeout=timeout)

    async with running(Bot(backend=storage)) as bot:
        await Usual(state_key="usual").send(bot.channel)
        with pytest.raises(ViewError, match=r"was given a timeout of 180\.0 s"):
            Usual(state_key="short", timeout=180.0)
        summary = await setup_persistence(bot)

    assert summary["failed"] == []
