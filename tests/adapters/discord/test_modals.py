"""Modals that a user had open while the bot was restarted."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from tests.adapters.conditions import until
from tests.adapters.discord.bots import Bot, restarted, running
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage
from botkeep_discord import PersistentModal, PersistentView, ViewError, setup_persistence


class Feedback(PersistentModal, title="Feedback"):
    """Adds what was typed to the state of the panel that opened it."""

    text = discord.ui.TextInput[discord.ui.View](label="Text", custom_id="text")

    def __init__(self, *, state_key: str, thanks: str) -> None:
        super().__init__(state_key=state_key)
        self.thanks = thanks

    async def on_submit(self, interaction: discord.Interaction) -> None:
        state = await self.state.update(lambda state: {"texts": [*state.get("texts", []), self.text.value]})
        await interaction.response.send_message(f"{self.thanks}: {state['texts']}", ephemeral=True)


class Panel(PersistentView):
    """Opens the modal."""

    @discord.ui.button(label="Feedback", custom_id="open")
    async def open(self, interaction: discord.Interaction, _: discord.ui.Button[Panel]) -> None:
        await Feedback(state_key=self.state_key, thanks="thank you").send(interaction)


def open_modals(storage: Any) -> Any:
    return storage.namespace("discord").namespace("modals")


async def test_a_modal_that_is_open_while_the_bot_restarts_can_be_submitted(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await Panel(state_key="panel").send(bot.channel)
        one = await server.click(message.id, "open", user=7)
        two = await server.click(message.id, "open", user=8)
        first = await server.submit(one["data"], {"text": "good"}, user=7)
    async with restarted(storage):
        second = await server.submit(two["data"], {"text": "bad"}, user=8)

    assert first["data"]["content"] == "thank you: ['good']"
    assert second["data"]["content"] == "thank you: ['good', 'bad']"


async def test_a_modal_that_was_submitted_is_forgotten(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await Panel(state_key="panel").send(bot.channel)
        modal = await server.click(message.id, "open")
        kept = await open_modals(storage).list_keys()
        seconds = await open_modals(storage).get_ttl(kept[0])
        await server.submit(modal["data"], {"text": "good"})
        await until(lambda: _is_empty(storage))

    assert kept == [modal["data"]["custom_id"]]
    assert 3500 < seconds <= 3600


async def _is_empty(storage: MemoryStorage) -> bool:
    return not await open_modals(storage).list_keys()


async def test_one_bad_modal_does_not_stop_the_others(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await Panel(state_key="panel").send(bot.channel)
        modal = await server.click(message.id, "open")
        await open_modals(storage).set_state("0", {"odd": 1})
        unknown = {"class_name": "cogs.gone.Form", "state_key": "", "version": 1, "keywords": {}}
        await open_modals(storage).set_state("1", {**unknown, "bot_id": 1000})
    async with restarted(storage):
        answer = await server.submit(modal["data"], {"text": "good"})

    assert answer["data"]["content"] == "thank you: ['good']"


async def test_a_field_without_a_custom_id_is_refused_before_anything_is_sent(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    class Nameless(PersistentModal, title="Nameless"):
        text = discord.ui.TextInput[discord.ui.View](label="Text")

    bot = Bot(backend=storage)

    @bot.tree.command(description="open")
    async def ask(interaction: discord.Interaction) -> None:
        with pytest.raises(ViewError, match=r"the textinput text has no custom_id of its own"):
            await Nameless(state_key="panel").send(interaction)
        await interaction.response.send_message("refused")

    async with running(bot):
        answer = await server.command("ask")

    assert answer["data"]["content"] == "refused"


async def test_a_second_set_up_leaves_a_modal_that_is_open_as_it_is(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    class Counted(Feedback, title="Counted"):
        opened: list[Counted] = []  # noqa: RUF012 # modals are constructed by the panel

        def __init__(self, *, state_key: str, thanks: str) -> None:
            super().__init__(state_key=state_key, thanks=thanks)
            self.opened.append(self)

        async def on_submit(self, interaction: discord.Interaction) -> None:
            await interaction.response.send_message(f"{self is self.opened[0]}", ephemeral=True)

    class Opener(PersistentView):
        @discord.ui.button(label="Feedback", custom_id="open")
        async def open(self, interaction: discord.Interaction, _: discord.ui.Button[Opener]) -> None:
            await Counted(state_key=self.state_key, thanks="").send(interaction)

    async with running(Bot(backend=storage)) as bot:
        message = await Opener(state_key="panel").send(bot.channel)
        modal = await server.click(message.id, "open")
        await setup_persistence(bot)
        answer = await server.submit(modal["data"], {"text": "good"})

    assert len(Counted.opened) == 1
    assert answer["data"]["content"] == "True"


class Bound(PersistentModal, title="Bound"):
    """Gets its field as it is bound."""

    text: discord.ui.TextInput[discord.ui.View]

    async def on_bind(self, bot: Any) -> None:
        self.text = bot.make_field()
        self.add_item(self.text)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(self.text.value, ephemeral=True)


class BotWithField(Bot):
    """Opens the modal; ``field`` is what its field is made with."""

    field: dict[str, Any] = {}  # noqa: RUF012 # never changed

    def make_field(self) -> discord.ui.TextInput[discord.ui.View]:
        return discord.ui.TextInput(label="Text", **self.field)

    async def setup_hook(self) -> None:
        await super().setup_hook()
        self.refusals: list[str] = []

        @self.tree.command(description="open")
        async def ask(interaction: discord.Interaction) -> None:
            try:
                await Bound(state_key="panel").send(interaction)
            except ViewError as exc:
                self.refusals.append(exc.reason)
                await interaction.response.send_message("refused")


async def test_what_is_typed_into_a_field_that_on_bind_adds_comes_back(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    class Fit(BotWithField):
        field = {"custom_id": "text"}  # noqa: RUF012 # as above

    async with running(Fit(backend=storage)):
        modal = await server.command("ask")
    async with running(Fit(backend=storage)):
        answer = await server.submit(modal["data"], {"text": "good"})

    assert answer["data"]["content"] == "good"


async def test_a_field_without_a_custom_id_that_on_bind_adds_is_refused(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(BotWithField(backend=storage)) as bot:
        answer = await server.command("ask")

    assert answer["data"]["content"] == "refused"
    assert "has no custom_id of its own" in bot.refusals[0]
