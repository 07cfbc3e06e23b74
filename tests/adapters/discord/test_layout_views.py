from __future__ import annotations

import discord
import pytest
from tests.adapters.discord.bots import Bot, restarted, running
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage
from botkeep_discord import ViewError

has_layouts = pytest.mark.skipif(discord.version_info < (2, 6), reason="layout views came with 2.6")
lacks_layouts = pytest.mark.skipif(discord.version_info >= (2, 6), reason="layout views came with 2.6")

if discord.version_info >= (2, 6):
    from botkeep_discord import PersistentLayoutView

    class Shop(PersistentLayoutView):
        """A button inside of a row inside of a container."""

        text = discord.ui.TextDisplay["Shop"]("What will it be?")

        def __init__(self, *, state_key: str, custom_id: str = "buy") -> None:
            super().__init__(state_key=state_key)
            row = discord.ui.ActionRow["Shop"](Buy(custom_id))
            self.add_item(discord.ui.Container["Shop"](row))

    class Buy(discord.ui.Button["Shop"]):
        """Counts what is bought."""

        def __init__(self, custom_id: str) -> None:
            super().__init__(label="Buy", custom_id=custom_id or None)

        async def callback(self, interaction: discord.Interaction) -> None:
            assert self.view is not None
            bought = await self.view.state.increment("bought")
            await interaction.response.send_message(f"{bought} bought", ephemeral=True)


@has_layouts
async def test_a_layout_view_answers_after_a_restart(server: DiscordServer, storage: MemoryStorage) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await Shop(state_key="shop").send(bot.channel)
        await server.click(message.id, "buy")
    async with restarted(storage):
        answer = await server.click(message.id, "buy")

    assert answer["data"]["content"] == "2 bought"


@has_layouts
async def test_the_message_of_a_layout_view_goes_when_another_takes_its_place(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        old = await Shop(state_key="shop").send(bot.channel)
        new = await Shop(state_key="shop").send(bot.channel)

    assert list(server.rest.messages) == [new.id]
    assert server.rest.made(f"DELETE /channels/.*/{old.id}")


@has_layouts
async def test_an_item_deep_inside_of_a_layout_needs_a_custom_id_as_well(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        with pytest.raises(ViewError, match=r"the buy 'Buy' has no custom_id of its own"):
            await Shop(state_key="shop", custom_id="").send(bot.channel)

    assert server.rest.messages == {}


@lacks_layouts
def test_who_asks_an_old_library_for_layout_views_is_told_what_to_do() -> None:
    with pytest.raises(ImportError, match=r"needs discord\.py 2\.6 or newer, and this is 2\.[45]"):
        from botkeep_discord import PersistentLayoutView  # noqa: F401
