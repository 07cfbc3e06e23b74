from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest
from discord.ext import commands
from tests.adapters.conditions import until
from tests.adapters.discord.bots import Bot, Counter, restarted, running
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.server import DiscordServer

from botkeep import BaseStorage, IdentifierError, MemoryStorage, SQLiteStorage, StorageUnavailableError
from botkeep_discord import NotSetUpError, PersistentView, StateKeyTakenError, ViewError


class Menu(PersistentView):
    """A select menu that remembers what was chosen."""

    @discord.ui.select(
        custom_id="colour", options=[discord.SelectOption(label="red"), discord.SelectOption(label="blue")]
    )
    async def colour(self, interaction: discord.Interaction, select: discord.ui.Select[Menu]) -> None:
        state = await self.state.update(lambda state: {**state, "chosen": select.values})
        await interaction.response.send_message(f"chosen: {state['chosen']}", ephemeral=True)


class Vote(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"vote:(?P<poll>[0-9]+)"):
    """A dynamic item: it has its state in its custom id, and the library knows it by its class."""

    def __init__(self, poll: int) -> None:
        super().__init__(discord.ui.Button(label="vote", custom_id=f"vote:{poll}"))

    @classmethod
    async def from_custom_id(  # type: ignore[override] # as the library's own examples narrow it
        cls, _: discord.Interaction, __: discord.ui.Button[discord.ui.View], match: re.Match[str], /
    ) -> Vote:
        return cls(int(match["poll"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("voted", ephemeral=True)


class Poll(PersistentView):
    """A view that shows a dynamic item."""

    def __init__(self, *, state_key: str, poll: int) -> None:
        super().__init__(state_key=state_key)
        self.add_item(Vote(poll))


async def has_keys(storage: BaseStorage, keys: list[str]) -> bool:
    return await storage.list_keys() == keys


async def test_buttons_answer_after_a_restart_and_go_on_with_their_state(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with running(Bot(backend=SQLiteStorage(tmp_path / "bot.db"))) as bot:
        message = await Counter(state_key="lobby", step=2).send(bot.channel, "click")
        first = await server.click(message.id, "add")

    async with running(Bot(backend=SQLiteStorage(tmp_path / "bot.db"))) as bot:
        second = await server.click(message.id, "add")

    assert bot.summary == {"restored": ["lobby"], "skipped": [], "failed": [], "removed": []}
    assert first["data"]["content"] == "2 clicks"
    assert second["data"]["content"] == "4 clicks"


async def test_select_menus_answer_after_a_restart(server: DiscordServer, tmp_path: Path) -> None:
    async with running(Bot(backend=SQLiteStorage(tmp_path / "bot.db"))) as bot:
        message = await Menu(state_key="menu").send(bot.channel)

    async with running(Bot(backend=SQLiteStorage(tmp_path / "bot.db"))):
        answer = await server.choose(message.id, "colour", "blue")

    assert answer["data"]["content"] == "chosen: ['blue']"


async def test_a_view_may_be_the_answer_to_a_command_a_click_or_come_after_it(server: DiscordServer) -> None:
    storage = MemoryStorage()
    bot = Bot(backend=storage)
    sent: dict[str, discord.Message] = {}

    @bot.tree.command(description="send a panel")
    async def panel(interaction: discord.Interaction) -> None:
        sent["first"] = await Counter(state_key="first").send(interaction, "1st")
        sent["later"] = await Counter(state_key="later").send(interaction, "2nd")

    async with running(bot):
        await server.command("panel", user=8)
        await until(lambda: has_keys(storage.namespace("discord").namespace("views"), ["first", "later"]))

    async with running(Bot(backend=storage)):
        answers = [await server.click(message.id, "add") for message in sent.values()]
        row = await storage.namespace("discord").namespace("views").get_state("first")

    assert [answer["data"]["content"] for answer in answers] == ["1 clicks", "1 clicks"]
    assert row["user_id"] == 8
    assert row["message_id"] == sent["first"].id


async def test_views_of_one_class_on_different_messages_keep_apart(server: DiscordServer) -> None:
    async with running(Bot(backend=MemoryStorage())) as bot:
        one = await Counter(state_key="one").send(bot.channel)
        two = await Counter(state_key="two", step=10).send(bot.channel)
        answers = [await server.click(message.id, "add") for message in (one, two, one)]

    assert [answer["data"]["content"] for answer in answers] == ["1 clicks", "10 clicks", "2 clicks"]


async def test_a_new_view_takes_the_place_of_the_old_one_of_its_key(server: DiscordServer) -> None:
    storage = MemoryStorage()
    async with running(Bot(backend=storage)) as bot:
        old_view = Counter(state_key="lobby")
        old = await old_view.send(bot.channel, "old")
        await server.click(old.id, "add")
        new = await Counter(state_key="lobby").send(bot.channel, "new")
        answer = await server.click(new.id, "add")
        rows = await storage.namespace("discord").namespace("views").list_keys()

    assert old_view.is_finished()
    assert server.rest.messages[old.id]["components"] == []
    assert answer["data"]["content"] == "2 clicks"
    assert rows == ["lobby"]


async def test_the_old_view_of_a_key_is_replaced_also_when_an_earlier_process_sent_it(
    server: DiscordServer,
) -> None:
    storage = MemoryStorage()
    async with running(Bot(backend=storage)) as bot:
        old = await Counter(state_key="lobby").send(bot.channel, "old")
    async with running(Bot(backend=storage)) as bot:
        await Counter(state_key="lobby").send(bot.channel, "new")
    async with running(Bot(backend=storage)) as bot:
        pass

    assert server.rest.messages[old.id]["components"] == []
    assert bot.summary["restored"] == ["lobby"]


async def test_one_view_may_move_to_another_message(server: DiscordServer) -> None:
    async with running(Bot(backend=MemoryStorage())) as bot:
        view = Counter(state_key="lobby")
        old = await view.send(bot.channel)
        new = await view.send(bot.channel)
        answer = await server.click(new.id, "add")

    assert server.rest.messages[old.id]["components"] == []
    assert answer["data"]["content"] == "1 clicks"
    assert view.message is not None
    assert view.message.id == new.id


async def test_exit_ends_a_view_for_good(server: DiscordServer) -> None:
    storage = MemoryStorage()
    async with running(Bot(backend=storage)) as bot:
        view = Counter(state_key="lobby")
        message = await view.send(bot.channel)
        await server.click(message.id, "add")
        await view.exit()
        left = await storage.namespace("discord").list_namespaces()

    async with running(Bot(backend=storage)) as bot:
        pass

    assert view.is_finished()
    assert left == []
    assert server.rest.messages[message.id]["components"] == []
    assert bot.summary["restored"] == []


async def test_exit_of_a_replaced_view_leaves_its_successor_alone(server: DiscordServer) -> None:
    async with running(Bot(backend=MemoryStorage())) as bot:
        old = Counter(state_key="lobby")
        await old.send(bot.channel)
        new = await Counter(state_key="lobby").send(bot.channel)
        await server.click(new.id, "add")
        await old.exit()
        answer = await server.click(new.id, "add")

    assert answer["data"]["content"] == "2 clicks"


@pytest.mark.parametrize("together", [1, 3], ids=["one", "several"])
async def test_a_view_goes_with_its_message(server: DiscordServer, together: int) -> None:
    storage = MemoryStorage()
    rows = storage.namespace("discord").namespace("views")
    async with running(Bot(backend=storage)) as bot:
        kept = Counter(state_key="kept")
        await kept.send(bot.channel)
        views = [Counter(state_key=f"gone:{number}") for number in range(together)]
        messages = [await view.send(bot.channel) for view in views]
        await server.delete_message(*(message.id for message in messages))
        await until(lambda: has_keys(rows, ["kept"]))

        assert all(view.is_finished() for view in views)
        assert not kept.is_finished()


async def test_a_view_of_an_unknown_class_goes_with_its_message_too(server: DiscordServer) -> None:
    storage = MemoryStorage()
    rows = storage.namespace("discord").namespace("views")
    await rows.set_state("other", {"class_name": "elsewhere.Panel", "channel_id": CHANNEL, "message_id": 1})
    async with running(Bot(backend=storage)) as bot:
        await server.delete_message(1)
        await until(lambda: has_keys(rows, []))

    assert bot.summary["skipped"] == ["other"]


async def test_the_end_of_one_view_leaves_the_dynamic_items_of_others_alive(server: DiscordServer) -> None:
    async with running(Bot(backend=MemoryStorage())) as bot:
        ended = Poll(state_key="ended", poll=1)
        await ended.send(bot.channel)
        kept = await Poll(state_key="kept", poll=2).send(bot.channel)
        await ended.exit()
        answer = await server.click(kept.id, "vote:2")

    assert answer["data"]["content"] == "voted"


async def test_a_message_whose_row_could_not_be_stored_is_deleted_again(server: DiscordServer) -> None:
    storage = TroubledStorage()
    async with running(Bot(backend=storage)) as bot:
        storage.is_down = True
        with pytest.raises(StorageUnavailableError, match="as ordered"):
            await Counter(state_key="lobby").send(bot.channel)
        await server.until(lambda: server.rest.made("DELETE /channels/.*"))

    assert server.rest.messages == {}


@pytest.mark.usefixtures("server")
async def test_two_bots_on_one_storage_leave_each_others_views_alone() -> None:
    storage = MemoryStorage()
    await (
        storage.namespace("discord")
        .namespace("views")
        .set_state(
            "theirs",
            {"class_name": "elsewhere.Panel", "channel_id": CHANNEL, "message_id": 1, "bot_id": 2},
        )
    )
    async with running(Bot(backend=storage)) as bot:
        with pytest.raises(StateKeyTakenError, match="belongs to the bot 2"):
            await Counter(state_key="theirs").send(bot.channel)

    assert bot.summary == {"restored": [], "skipped": [], "failed": [], "removed": []}


async def test_what_could_not_survive_is_refused_before_anything_is_sent(server: DiscordServer) -> None:
    class Nameless(PersistentView):
        @discord.ui.button(label="Press me")
        async def press(self, interaction: discord.Interaction, _: discord.ui.Button[Nameless]) -> None: ...

    class Twice(PersistentView):
        def __init__(self) -> None:
            super().__init__(state_key="twice")
            self.add_item(discord.ui.Button(label="1", custom_id="same"))
            self.add_item(discord.ui.Button(label="2", custom_id="same"))

    class Short(PersistentView):
        def __init__(self) -> None:
            super().__init__(state_key="short")
            self.timeout = 60

    stopped = Counter(state_key="stopped")
    stopped.stop()
    async with running(Bot(backend=MemoryStorage())) as bot:
        with pytest.raises(ViewError, match=r"'nameless': the button press 'Press me' has no custom_id"):
            await Nameless(state_key="nameless").send(bot.channel)
        with pytest.raises(ViewError, match=r"the button '1' and the button '2' have the same custom_id"):
            await Twice().send(bot.channel)
        with pytest.raises(ViewError, match=r"has a timeout of 60 s"):
            await Short().send(bot.channel)
        with pytest.raises(ViewError, match=r"'stopped': was stopped"):
            await stopped.send(bot.channel)
        with pytest.raises(ViewError, match=r"an ephemeral message"):
            await Counter(state_key="ephemeral").send(bot.channel, ephemeral=True)

    assert server.rest.made("POST /channels/.*") == []


async def test_a_view_needs_a_state_key_and_a_storage() -> None:
    with pytest.raises(TypeError, match="state_key"):
        Counter()  # type: ignore[call-arg] # the point of the test
    with pytest.raises(IdentifierError):
        Counter(state_key="")
    with pytest.raises(NotSetUpError, match="setup_persistence"):
        await Counter(state_key="lobby").state.load()
    with pytest.raises(NotSetUpError, match="setup_persistence"):
        await Counter(state_key="lobby").send(
            commands.Bot("!", intents=discord.Intents.none()).get_partial_messageable(1)
        )


def test_a_view_cannot_be_constructed_outside_of_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match=r"Counter was constructed while no event loop is running"):
        Counter(state_key="lobby")


async def test_buttons_that_cannot_be_taken_away_are_a_warning(
    server: DiscordServer, storage: MemoryStorage, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(Bot(backend=storage)) as bot:
        old = await Counter(state_key="lobby").send(bot.channel)
        server.rest.fail(f"PATCH /channels/.*/{old.id}", 403)
        new = await Counter(state_key="lobby").send(bot.channel)
        answer = await server.click(new.id, "add")

    assert answer["data"]["content"] == "1 clicks"
    assert f"message {old.id} still shows a view that is no longer alive: 403" in caplog.text


async def test_an_old_message_that_is_gone_needs_no_tidying(
    server: DiscordServer, storage: MemoryStorage, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(Bot(backend=storage)) as bot:
        old = await Counter(state_key="lobby").send(bot.channel)
        del server.rest.messages[old.id]
        await Counter(state_key="lobby").send(bot.channel)

    assert "still shows" not in caplog.text


async def test_a_view_that_was_never_sent_may_exit_too() -> None:
    view = Counter(state_key="lobby")
    await view.exit()

    assert view.is_finished()
    assert view.message is None
    assert view.user_id is None


async def test_the_message_of_a_restored_view_can_be_edited(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await Counter(state_key="lobby").send(bot.channel, "before")
    async with restarted(storage) as bot:
        (view,) = bot.persistent_views
        assert isinstance(view, Counter)
        assert view.message is not None
        await view.message.edit(content="after")

    assert server.rest.messages[message.id]["content"] == "after"


async def test_a_message_that_discord_does_not_take_leaves_no_row(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    server.rest.fail("POST /channels/.*", 403)
    async with running(Bot(backend=storage)) as bot:
        with pytest.raises(discord.Forbidden):
            await Counter(state_key="lobby").send(bot.channel)
        assert await has_keys(storage.namespace("discord").namespace("views"), [])


async def test_views_of_two_clients_are_stored_by_the_client_of_their_channel(server: DiscordServer) -> None:
    storages = MemoryStorage(), MemoryStorage()
    async with running(Bot(backend=storages[0])) as one, running(Bot(backend=storages[1])) as two:
        await Counter(state_key="one").send(one.channel)
        await Counter(state_key="two").send(two.channel)
        with pytest.raises(NotSetUpError, match="any one client"):
            await Counter(state_key="whose").state.load()
        keys = [await storage.namespace("discord").namespace("views").list_keys() for storage in storages]

    assert keys == [["one"], ["two"]]
